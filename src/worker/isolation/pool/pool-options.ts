/** How a pool is run. Times are milliseconds. */
export interface PoolOptions {
  /** Children at most. */
  readonly size: number
  /** Children that are started with the worker. */
  readonly first: number
  /** Children that stay though they are idle. */
  readonly least: number
  /** Jobs at the same time in each. */
  readonly perChild: number
  /** Jobs that a child may be given ahead, while jobs are short; 0 for none. */
  readonly prefetch: number
  /** Jobs after which a child is replaced. */
  readonly maxJobs: number | undefined
  /** Memory of its own beyond which a child is replaced; a job that makes it twice that is ended. */
  readonly maxMemoryBytes: number | undefined
  readonly maxAgeMs: number | undefined
  /** How long a child may be idle before it is closed. */
  readonly idleMs: number | undefined
  /** How long a child may take to become ready. */
  readonly startMs: number
  /** For tests: before the first, second, … try after one that failed. Default up to 5 s. */
  readonly startDelaysMs?: readonly number[]
  /** How long a child may take to leave, which is how long its `beforeExit` hooks may take. */
  readonly leaveMs: number
}

/** What the supervisor's log shows of a pool. */
export interface PoolEvents {
  childReady(pid: number | undefined, startMs: number, jobs: readonly string[]): void
  /** It was told to leave, and why. */
  childRetired(pid: number, reason: string): void
  /** It ended though nobody wanted that, outside of a job's end. */
  childDied(pid: number | undefined, reason: string): void
  /** It did not come up; the next is tried after `delayMs`. */
  startFailed(reason: string, delayMs: number): void
  childOutput(pid: number | undefined, stream: 'stdout' | 'stderr', text: string): void
  notice(pid: number | undefined, message: string): void
  /** Children cannot be started; no job can run any more. */
  broken(error: Error): void
}
