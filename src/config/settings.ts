import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { findDefaultModule, loadModule } from '../job/load-modules.ts'
import { checkConfig, type WorkhorseConfig } from './config.ts'

const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs'].map((extension) => `workhorse.config.${extension}`)
const DEFAULT_BROKER = 'sqlite:workhorse.db'
const DEFAULT_APP = 'workhorse'

export interface SettingsSource {
  /** Default `process.cwd()`. */
  readonly cwd?: string
  readonly broker?: string | undefined
  readonly jobs?: readonly string[] | undefined
  readonly configFile?: string | undefined
}

export interface Settings {
  readonly brokerUrl: string
  /** What a relative path in `brokerUrl` is relative to. */
  readonly brokerFolder: string
  /** Where the URL came from, for messages. */
  readonly brokerFrom: string
  /** Absolute paths; empty where no job module was named or found. */
  readonly modules: readonly string[]
  readonly config: WorkhorseConfig
  readonly configFile: string | undefined
  /** Where job modules are looked for when none is named: the config file's folder, else the current one. */
  readonly folder: string
  /** The application's name: what owns its schedules. */
  readonly app: string
}

/**
 * Puts together what flags, environment and config file say, in this order of precedence:
 * flag, `WORKHORSE_BROKER`, config file, `REDIS_URL`, default (`sqlite:workhorse.db` and `jobs.*` in the current folder).
 */
export async function resolveSettings(source: SettingsSource = {}): Promise<Settings> {
  const cwd = source.cwd ?? process.cwd()
  const configFile = findConfig(cwd, source.configFile)
  const config = configFile === undefined ? {} : await loadConfig(configFile)
  const base = configFile === undefined ? cwd : dirname(configFile)
  const modules = resolveModules(source, config, cwd, base)
  return {
    ...resolveBroker(source, config, cwd, base),
    modules,
    config,
    configFile,
    folder: base,
    app: config.app ?? findAppName(base),
  }
}

function findAppName(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json')
    if (existsSync(file)) return packageName(file) ?? DEFAULT_APP
    if (at === dirname(at)) return DEFAULT_APP
  }
}

/** A package.json that cannot be read is somebody else's trouble. */
function packageName(file: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}

function findConfig(cwd: string, named: string | undefined): string | undefined {
  if (named === undefined) return CONFIG_NAMES.map((name) => join(cwd, name)).find((path) => existsSync(path))
  const file = resolve(cwd, named)
  if (!existsSync(file)) throw new UsageError(`no such config file: ${file}`)
  return file
}

async function loadConfig(file: string): Promise<WorkhorseConfig> {
  const module = await loadModule(file)
  return checkConfig(module['default'] ?? module, file)
}

function resolveBroker(
  source: SettingsSource,
  config: WorkhorseConfig,
  cwd: string,
  base: string,
): Pick<Settings, 'brokerUrl' | 'brokerFolder' | 'brokerFrom'> {
  if (source.broker) return { brokerUrl: source.broker, brokerFolder: cwd, brokerFrom: '--broker' }
  const env = process.env['WORKHORSE_BROKER']
  if (env) return { brokerUrl: env, brokerFolder: cwd, brokerFrom: 'WORKHORSE_BROKER' }
  if (config.broker) return { brokerUrl: config.broker, brokerFolder: base, brokerFrom: 'the config file' }
  // Where hosting services, and RQ itself, say it.
  const redis = process.env['REDIS_URL']
  if (redis) return { brokerUrl: redis, brokerFolder: cwd, brokerFrom: 'REDIS_URL' }
  return { brokerUrl: DEFAULT_BROKER, brokerFolder: cwd, brokerFrom: 'the default' }
}

function resolveModules(source: SettingsSource, config: WorkhorseConfig, cwd: string, base: string): readonly string[] {
  if (source.jobs?.length) return source.jobs.map((path) => existing(resolve(cwd, path)))
  if (config.jobs !== undefined) return [config.jobs].flat().map((path) => existing(resolve(base, path)))
  const found = findDefaultModule(base)
  return found === undefined ? [] : [found]
}

function existing(path: string): string {
  if (existsSync(path)) return path
  throw new UsageError(`no such jobs file: ${path}`)
}
