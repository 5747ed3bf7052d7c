import { UsageError } from '../errors.ts'
import { JOB_ISOLATIONS, type JobIsolation } from '../job/record.ts'
import type { ByteSize } from '../support/bytes.ts'
import { type Duration, show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'
import { checkProfileConfig, type ProfileConfig } from './profile-config.ts'

/** What `workhorse.config.ts` may say. Flags and environment variables override it. */
export interface WorkhorseConfig {
  /**
   * Name of the application, which owns the schedules that its job modules declare: a worker that starts removes those of
   * the same owner that are declared no more. Default: the name in the nearest package.json, else `'workhorse'`.
   */
  readonly app?: string
  /** Where jobs live, for example `'sqlite:workhorse.db'`. A relative path is relative to the config file. */
  readonly broker?: string
  /**
   * Leave variables such as `REDIS_URL` in the environment of jobs though they hold the URL of the broker: the same Redis
   * is their cache, say. Default false: who takes over a job's process finds no way to the broker there.
   */
  readonly exposeBrokerUrl?: boolean
  /** Job modules, relative to the config file. Default: `jobs.ts`, `.mts`, `.js` or `.mjs` beside it. */
  readonly jobs?: string | readonly string[]
  /** Queues that a worker serves where none are named, in strict order. Default `['default']`. */
  readonly queues?: readonly string[]
  /**
   * Jobs at a time per worker. Given `min` and `max`, as many in between as jobs wait for and memory allows.
   * Default: the number of cores.
   */
  readonly concurrency?: number | ConcurrencyRange
  /** Where jobs run. Default: `'fork'` where it works (Linux with the native addon), else `'pool'`. */
  readonly isolation?: JobIsolation
  /** Where the jobs of a queue run, by its name. */
  readonly queueIsolation?: Readonly<Record<string, JobIsolation>>
  /** How pool mode keeps its children. */
  readonly pool?: PoolConfig
  /**
   * Horses forked ahead of need, in fork mode. Default `'auto'`: as many as jobs come within the time that a fork takes, at
   * least 1, at most as many as there are slots.
   */
  readonly standby?: number | 'auto'
  /** How long a job may go on after its signal has aborted at the timeout. Default 5 s. */
  readonly grace?: Duration
  /**
   * How long `beforeExit` hooks may take when the job has ended. Its process is killed then, and its outcome stays.
   * Default 5 s.
   */
  readonly exitGrace?: Duration
  /** How long a dead worker's jobs stay its own. Default 15 s. */
  readonly lease?: Duration
  /** How often a job's worker may die before the job is failed as the likely cause. Default 3. */
  readonly maxAbandonments?: number
  /** A worker leaves after so many jobs, when those that run have ended. Default: no limit. */
  readonly maxJobs?: number
  /** A worker leaves after so long with nothing to do. Default: never. */
  readonly maxIdleTime?: Duration
  /** A file that holds the pid of `worker`, or of the master of `workers`, while it runs. Relative to the config file. */
  readonly pidFile?: string
  readonly zygote?: ZygoteConfig
  /** Profile some executions for ever. Default: none. */
  readonly profile?: ProfileConfig
}

/** Slots of a worker at least and at most. */
export interface ConcurrencyRange {
  readonly min: number
  readonly max: number
}

export interface PoolConfig {
  /** Jobs at the same time in each child. Default 1. */
  readonly perChild?: number
  /**
   * Jobs at most that a child is given ahead, so that it need not wait for the next when one has ended; 0 for none. Only while
   * jobs take milliseconds, and only as many as are done in about 5 ms; behind a job that takes longer they are taken
   * back, and given to other children or other workers. Children that were spawned, or that share jobs (`perChild`), get
   * none, nor do those of a worker whose `concurrency` is a range. Default 64.
   * Celery's `worker_prefetch_multiplier`, which takes nothing back.
   */
  readonly prefetch?: number
  /** Children that stay though they are idle. Default 1. */
  readonly min?: number
  /** A child is replaced when it has run so many jobs. Default: never. Celery: `worker_max_tasks_per_child`. */
  readonly maxJobs?: number
  /**
   * A child that holds more memory of its own takes no more jobs and is replaced; a job that takes its child to twice
   * as much is ended as `out-of-memory`. For example `'300MB'`. Default: none.
   * Celery's `worker_max_memory_per_child` looks only when a task has ended.
   */
  readonly maxMemory?: ByteSize
  /** A child is replaced when it is so old. Default: never. */
  readonly maxAge?: Duration
  /** A child without a job for so long is closed. Default 5 minutes. */
  readonly idleTimeout?: Duration
  /** `'fork'` where it works, else `'spawn'`. */
  readonly start?: 'fork' | 'spawn'
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
  'exposeBrokerUrl',
  'jobs',
  'queues',
  'concurrency',
  'isolation',
  'queueIsolation',
  'pool',
  'standby',
  'grace',
  'exitGrace',
  'lease',
  'maxAbandonments',
  'maxJobs',
  'maxIdleTime',
  'pidFile',
  'zygote',
  'profile',
] as const
const POOL_KEYS = ['perChild', 'prefetch', 'min', 'maxJobs', 'maxMemory', 'maxAge', 'idleTimeout', 'start'] as const
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
  const { app, exposeBrokerUrl, zygote, pool, profile, isolation, queueIsolation = {} } = config as WorkhorseConfig
  if (app !== undefined && (typeof app !== 'string' || app === '')) {
    throw new UsageError(`${what}: app: expected a name, got ${show(app)}`)
  }
  if (zygote !== undefined) assertKnownOptions(zygote, ZYGOTE_KEYS, `${what}: zygote`)
  if (pool !== undefined) assertKnownOptions(pool, POOL_KEYS, `${what}: pool`)
  if (exposeBrokerUrl !== undefined && typeof exposeBrokerUrl !== 'boolean') {
    throw new UsageError(`${what}: exposeBrokerUrl: expected true or false, got ${show(exposeBrokerUrl)}`)
  }
  if (profile !== undefined) checkProfileConfig(profile, `${what}: profile`)
  if (isolation !== undefined) assertIsolation(isolation, `${what}: isolation`)
  for (const [queue, mode] of Object.entries(queueIsolation)) {
    assertIsolation(mode, `${what}: queueIsolation of queue '${queue}'`)
  }
  return config as WorkhorseConfig
}

function assertIsolation(mode: unknown, what: string): void {
  if (JOB_ISOLATIONS.some((known) => known === mode)) return
  throw new UsageError(`${what}: expected 'fork', 'pool' or 'inline', got ${show(mode)}`)
}
