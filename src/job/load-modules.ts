import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError, WorkhorseError } from '../errors.ts'
import { withoutWarning } from '../support/without-warning.ts'
import { ModuleLoadError } from './module-load-error.ts'

/** File names that are found without being named, first match first. */
export const DEFAULT_MODULE_NAMES = ['jobs.ts', 'jobs.mts', 'jobs.js', 'jobs.mjs'] as const

/** The job module of a folder, where it has one by a default name. */
export function findDefaultModule(folder: string): string | undefined {
  return DEFAULT_MODULE_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
}

/**
 * Import modules for what they define. TypeScript is loaded by Node where Node can, else by jiti, both in this thread:
 * nothing that starts a thread or a process may live in a zygote.
 * @throws UsageError where a file does not exist, @throws ModuleLoadError for whatever a module throws
 */
export async function loadModules(paths: readonly string[]): Promise<void> {
  for (const path of paths) await loadModule(path)
}

/** @returns the module's exports */
export async function loadModule(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UsageError(`no such file: ${file}`)
  try {
    return await importAny(file)
  } catch (thrown) {
    if (thrown instanceof WorkhorseError) throw thrown
    throw new ModuleLoadError(file, thrown, await findSyntaxError(file, thrown))
  }
}

async function importAny(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(file).href
  if (!/\.[cm]?tsx?$/.test(extname(file))) return importModule(url)
  if (!nodeStripsTypes()) return importByJiti(file)
  try {
    return await withoutWarning(/Type Stripping is an experimental feature/, () => importModule(url))
  } catch (error) {
    if (!isBeyondStripping(error)) throw error
    return importByJiti(file)
  }
}

/**
 * Enums, path aliases, imports without extension, and ES modules in a package of type commonjs (which is what
 * `npm init` makes) are beyond type stripping; jiti knows them. All of these errors come from parsing and linking,
 * before any of the module's code has run.
 */
function isBeyondStripping(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  if (
    error instanceof SyntaxError &&
    /import statement outside a module|Unexpected token 'export'/.test(message ?? '')
  ) {
    return true
  }
  return BEYOND_STRIPPING.has(code ?? '')
}

const BEYOND_STRIPPING = new Set([
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
])

function nodeStripsTypes(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript)
}

async function importModule(url: string): Promise<Record<string, unknown>> {
  return (await import(url)) as Record<string, unknown>
}

async function importByJiti(file: string): Promise<Record<string, unknown>> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(pathToFileURL(file).href, { interopDefault: true, fsCache: cacheFolder(file) })
  return await jiti.import<Record<string, unknown>>(file)
}

/** Node tells the place of a syntax error in a module only to those who let it crash; the transform knows it, too. */
async function findSyntaxError(file: string, thrown: unknown): Promise<string | undefined> {
  if (!(thrown instanceof SyntaxError) || thrown.stack?.includes(file)) return undefined
  const { createJiti } = await import('jiti')
  const { transform } = createJiti(pathToFileURL(file).href, { fsCache: false })
  const code = transform({ source: readFileSync(file, 'utf8'), filename: file, ts: /\.[cm]?tsx?$/.test(file) })
  const found = /^exports\.__JITI_ERROR__ = (\{.*\})/s.exec(code)?.[1]
  if (found === undefined) return 'in it or in what it imports'
  const { line, column } = JSON.parse(found) as { line: number; column: number }
  return `at line ${line}, column ${column + 1}`
}

/** Only inside the project: jiti's own default falls back to a folder in /tmp that anybody may have filled. */
function cacheFolder(file: string): string | false {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules', '.cache', 'jiti')
  }
  return false
}
