import type { JobFailure } from './failure.ts'
import type { JobLimits } from './limits.ts'
import type { JobCallbacks, JobDependencies, RepeatPolicy, RetryPolicy } from './policies.ts'
import type { JobState } from './states.ts'

/** No time limit, or kept for ever: RQ's spelling. */
export const UNLIMITED = -1

/** A job as a producer hands it to a broker. Times are Unix milliseconds, durations milliseconds. */
export interface NewJob {
  readonly id: string
  readonly name: string
  readonly queue: string
  /** The arguments as JSON text of an array. Nobody between producer and horse needs to parse it. */
  readonly args: string
  readonly createdAt: number
  /** When the job becomes due; without it the job is queued at once. */
  readonly dueAt?: number
  /** Put before all that waits in the queue. */
  readonly atFront?: boolean
  /** `UNLIMITED` for none. */
  readonly timeoutMs: number
  /** How long the result is kept; `UNLIMITED` for ever, 0 not at all. */
  readonly resultTtlMs: number
  readonly failureTtlMs: number
  /** JSON text of an object. */
  readonly meta?: string
  /**
   * Forgotten if not started for the first time within this time after it became queued; `UNLIMITED` as without it.
   * RQ's `ttl`, which counts from the enqueue.
   */
  readonly ttlMs?: number
  readonly retry?: RetryPolicy
  /** The job stays `deferred` until these are met. Not together with `dueAt`. */
  readonly dependsOn?: JobDependencies
  /** Name of the group that the job belongs to, as `groupFetch` lists it. */
  readonly group?: string
  /** Where a job of this id exists that has not ended, this one is not stored; where one has ended, it is replaced. */
  readonly unique?: boolean
  readonly repeat?: RepeatPolicy
  readonly callbacks?: JobCallbacks
  /** Where this job runs, whatever the worker's own mode. A worker that has no such mode fails the execution. */
  readonly isolation?: JobIsolation
  /** Carried as it is. */
  readonly limits?: JobLimits
}

export const JOB_ISOLATIONS = ['fork', 'pool', 'inline'] as const
export type JobIsolation = (typeof JOB_ISOLATIONS)[number]

/** What the kernel counted for a process of its own. */
export interface ProcessUsage {
  readonly cpuUserMs: number
  readonly cpuSystemMs: number
  /** Peak resident memory, inherited pages included. */
  readonly maxRssBytes: number
  readonly minorFaults: number
  readonly majorFaults: number
  readonly voluntarySwitches: number
  readonly involuntarySwitches: number
}

/** What one execution cost. */
export interface Bill {
  /** From hand-over to the process of the job until that process was gone; where the process stays, what the job took. */
  readonly wallMs: number
  /** From the moment when it was queued, or due, until it was handed over. */
  readonly waitMs?: number
  /** What fork(2) took, where the execution had a process of its own. */
  readonly forkMs?: number
  /** Absent where jobs share a process: there the kernel cannot tell them apart. */
  readonly usage?: ProcessUsage
  readonly memory?: MemoryUsage
  /** Exit code of its process, where it left by one; 0 after a job that has settled. */
  readonly exitCode?: number
  /** Signal that ended its process. */
  readonly signal?: string
}

/** An execution's memory, apart from what it shares with the zygote. */
export interface MemoryUsage {
  /** Resident when it got its job: pages of the zygote's, most of them, that cost nothing of their own. */
  readonly inheritedBytes: number
  /** The most that it has had beyond that, without pages of files. */
  readonly peakIncrementBytes: number
}

/** A job that a supervisor has just claimed: all it needs to run it. */
export interface ClaimedJob {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly args: string
  readonly meta?: string
  /** Names this run; a finish with another one is refused (fencing). */
  readonly executionId: string
  /** 1 for the first execution. */
  readonly attempt: number
  /** How often its worker was lost while it had this job; absent where it never was. */
  readonly abandonments?: number
  readonly timeoutMs: number
  readonly createdAt: number
  readonly enqueuedAt: number
  /** When it was claimed. As the two above by the broker's clock, which need not be that of the worker. */
  readonly startedAt: number
  readonly retry?: RetryPolicy
  /** Retries not used yet; there where `retry` is. */
  readonly retriesLeft?: number
  readonly repeat?: RepeatPolicy
  /** Repeats still to come; there where `repeat` is. */
  readonly repeatsLeft?: number
  readonly callbacks?: JobCallbacks
  readonly group?: string
  readonly isolation?: JobIsolation
  readonly limits?: JobLimits
}

/** It may be the job that its worker was lost for. */
export function wasAbandoned({ abandonments = 0 }: ClaimedJob): boolean {
  return abandonments > 0
}

/** A job as it stands in the broker. */
export interface JobRecord {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly state: JobState
  readonly args: string
  readonly meta?: string
  readonly progress?: number
  readonly createdAt: number
  readonly enqueuedAt?: number
  readonly dueAt?: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** When the broker forgets the job. */
  readonly expiresAt?: number
  readonly timeoutMs: number
  readonly resultTtlMs: number
  readonly failureTtlMs: number
  /** Executions begun so far. */
  readonly attempts: number
  /** Executions whose supervisor died. */
  readonly abandonments: number
  /** Worker of the running or last execution. */
  readonly worker?: string
  readonly executionId?: string
  /** JSON text of what the handler returned. */
  readonly result?: string
  /** Of an ended job. What failed an attempt that was retried is in `jobResults`. */
  readonly failure?: JobFailure
  readonly bill?: Bill
  /** As enqueued. */
  readonly ttlMs?: number
  readonly retry?: RetryPolicy
  readonly retriesLeft?: number
  readonly dependsOn?: JobDependencies
  readonly group?: string
  readonly repeat?: RepeatPolicy
  readonly repeatsLeft?: number
  readonly callbacks?: JobCallbacks
  readonly isolation?: JobIsolation
  readonly limits?: JobLimits
}

/** How one execution ended: an entry of a job's history. */
export interface JobResultEntry {
  /** `retried`: it failed, and the job was given another attempt. */
  readonly type: 'finished' | 'failed' | 'stopped' | 'retried'
  /** When it ended, in Unix milliseconds. */
  readonly at: number
  readonly executionId?: string
  readonly worker?: string
  /** JSON text, of a finished execution. */
  readonly result?: string
  /** Of any other. */
  readonly failure?: JobFailure
  /** What it has cost; absent where its worker died before it could say so. */
  readonly bill?: Bill
}
