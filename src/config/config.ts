import { UsageError } from '../errors.ts'
import { type Duration, show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'

/** What `workhorse.config.ts` may say. Flags and environment variables override it. */
export interface WorkhorseConfig {
  /**
   * Name of the application, which owns the schedules that its job modules declare: a worker that starts removes those of
   * the same owner that are declared no more. Default: the name in the nearest package.json, else `'workhorse'`.
   */
  readonly app?: string
  /** Where jobs live, for example `'sqlite:workhorse.db'`. A relative path is relative to the config file. */
  readonly broker?: string
  /** Job modules, relative to the config file. Default: `jobs.ts`, `.mts`, `.js` or `.mjs` beside it. */
  readonly jobs?: string | readonly string[]
  /** Queues that a worker serves where none are named, in strict order. Default `['default']`. */
  readonly queues?: readonly string[]
  /** Jobs at a time per worker. Default: the number of cores. */
  readonly concurrency?: number
  /** `'fork'` where it works (Linux with the native addon), else `'inline'`. */
  readonly isolation?: 'fork' | 'inline'
  /** Horses forked ahead of need, in fork mode. Default: as many as `concurrency`. */
  readonly standby?: number
  /** How long a job may go on after its signal has aborted at the timeout. Default 5 s. */
  readonly grace?: Duration
  /** How long a dead worker's jobs stay its own. Default 15 s. */
  readonly lease?: Duration
  /** How often a job's worker may die before the job is failed as the likely cause. Default 3. */
  readonly maxAbandonments?: number
  readonly zygote?: ZygoteConfig
}

export interface ZygoteConfig {
  /** More flags for Node, for example `['--max-old-space-size=512']`. */
  readonly nodeFlags?: readonly string[]
  /** How long preload and warm-up may take together. Default 60 s. */
  readonly bootTimeout?: Duration
  /** Turn the zygote's memory into a file-backed image, which makes forks of large ones cheap. Default true. */
  readonly freeze?: boolean
}

const KEYS = [
  'app',
  'broker',
  'jobs',
  'queues',
  'concurrency',
  'isolation',
  'standby',
  'grace',
  'lease',
  'maxAbandonments',
  'zygote',
] as const
const ZYGOTE_KEYS = ['nodeFlags', 'bootTimeout', 'freeze'] as const

/**
 * Types a configuration, and checks its option names.
 * @throws UsageError for an unknown option, with the nearest known one
 * @example
 * export default defineConfig({ broker: 'sqlite:data/jobs.db', jobs: 'src/jobs.ts', concurrency: 4 })
 */
export function defineConfig(config: WorkhorseConfig): WorkhorseConfig {
  return checkConfig(config, 'defineConfig()')
}

/** @throws UsageError */
export function checkConfig(config: unknown, what: string): WorkhorseConfig {
  if (typeof config !== 'object' || config === null) {
    throw new UsageError(`${what}: expected an object (export default defineConfig({ … })), got ${show(config)}`)
  }
  assertKnownOptions(config, KEYS, what)
  const { app, zygote, isolation } = config as WorkhorseConfig
  if (app !== undefined && (typeof app !== 'string' || app === '')) {
    throw new UsageError(`${what}: app: expected a name, got ${show(app)}`)
  }
  if (zygote !== undefined) assertKnownOptions(zygote, ZYGOTE_KEYS, `${what}: zygote`)
  if (isolation !== undefined && isolation !== 'fork' && isolation !== 'inline') {
    throw new UsageError(`${what}: isolation: expected 'fork' or 'inline', got ${show(isolation)}`)
  }
  return config as WorkhorseConfig
}
