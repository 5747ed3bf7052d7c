import type { JobFailure } from '../job/failure.ts'
import type { Bill, ClaimedJob, JobRecord, NewJob } from '../job/record.ts'
import type { JobState } from '../job/states.ts'
import type { WorkerCommand } from './command.ts'

/** What the methods of a broker take and give. */

/** Sentences. */
export interface StoreReport {
  readonly facts: readonly string[]
  /** Each says what may happen, and the mend. */
  readonly warnings: readonly string[]
}

/** Differences between brokers, by name: nobody asks which broker it is. */
export interface BrokerCapabilities {
  /** Several hosts can share it. */
  readonly network: boolean
  /** Python RQ workers and producers can share it. */
  readonly pythonRq: boolean
}

/**
 * How one execution ended, for the broker. In the same step the jobs that waited for it and have nothing left to wait
 * for become queued (where it finished; where it failed for good and they allow that), and the jobs of `enqueue` are
 * stored: callbacks, mostly. One of them whose id exists is left out: an outcome is never refused for it.
 * A job that has not finished and is kept for no time counts as deleted for those that wait for it.
 */
export type ExecutionOutcome = {
  readonly jobId: string
  readonly executionId: string
  readonly bill?: Bill
} & (
  | {
      readonly type: 'finished'
      /** JSON text. */
      readonly result: string
      /**
       * Run it again later (at once where 0) instead of ending it; `repeatsLeft` becomes one less. Where none is left
       * the job just ends. Its dependents wait for the last repeat.
       */
      readonly repeat?: { readonly delayMs: number }
      readonly enqueue?: readonly NewJob[]
    }
  | {
      readonly type: 'failed'
      readonly failure: JobFailure
      /**
       * Give it another attempt later (at once where 0) instead of ending it; `retriesLeft` becomes one less. Where
       * none is left the job just fails.
       */
      readonly retry?: { readonly delayMs: number; readonly atFront: boolean }
      readonly enqueue?: readonly NewJob[]
    }
  /** Ended by whoever asked for it; never retried, and nobody's dependency is met by it. Kept for `failureTtlMs`. */
  | { readonly type: 'stopped'; readonly failure: JobFailure; readonly enqueue?: readonly NewJob[] }
  /** It obeyed a request to cancel. Kept for `failureTtlMs`. */
  | { readonly type: 'canceled' }
  /** Not the job's doing (the worker was told to leave): back to the front of its queue, this attempt not counted. */
  | { readonly type: 'released' }
)

export interface JobEnqueued {
  /** Ids of `unique` jobs that were not stored because one of that id has not ended yet. */
  readonly duplicates: readonly string[]
}

export interface JobCancelOptions {
  readonly enqueueDependents?: boolean
}

export interface JobExchangeParams {
  /** Name of the worker. */
  readonly worker: string
  readonly outcomes: readonly ExecutionOutcome[]
  readonly queues: readonly string[]
  readonly limit: number
  readonly leaseMs: number
}

export interface JobExchange {
  /** Execution ids whose outcome was refused: the lease was lost and the job is somebody else's or gone. */
  readonly refused: readonly string[]
  readonly claimed: readonly ClaimedJob[]
}

export interface JobUpdateParams {
  readonly jobId: string
  readonly executionId: string
  /** JSON text of an object; replaces what is there. */
  readonly meta?: string
  /** 0 to 1. */
  readonly progress?: number
}

export interface JobListParams {
  readonly state?: JobState
  readonly queue?: string
  readonly name?: string
  /** 1 to 1000. */
  readonly limit: number
  readonly cursor?: string
}

export interface JobPage {
  readonly jobs: readonly JobRecord[]
  /** Absent on the last page. */
  readonly cursor?: string
}

export interface WaitParams {
  /** Without it, waits for ever. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface WorkWaitParams extends WaitParams {
  readonly queues: readonly string[]
}

export interface LeaseRenewParams {
  readonly worker: string
  readonly executions: readonly { readonly jobId: string; readonly executionId: string }[]
  readonly leaseMs: number
}

export interface MaintainParams {
  /** How often a job's supervisor may die before the job is failed as the likely cause. */
  readonly maxAbandonments: number
}

export interface Maintenance {
  /** Scheduled jobs that became queued. */
  readonly promoted: number
  /** Jobs whose lease had expired and that are queued again. */
  readonly reclaimed: readonly { readonly jobId: string; readonly worker: string }[]
  /** Jobs whose lease had expired once too often and that are failed now; `record` of those with a failure callback. */
  readonly poisoned: readonly PoisonedJob[]
  /** Jobs forgotten because their time to live was over. */
  readonly expired: number
  /** When this was so, by the clock that `nextDueAt` is in: that of the caller may differ, and may be set. */
  readonly at: number
  /** When the next scheduled job becomes due. */
  readonly nextDueAt?: number
}

export interface PoisonedJob {
  readonly jobId: string
  readonly worker: string
  /** As it was failed. Who maintains enqueues its callback; the broker does not. */
  readonly record?: JobRecord
}

export interface WorkSuspendParams {
  /** How long; without it until `workResume`. */
  readonly ttlMs?: number
}

export interface CommandSendParams {
  /** Name of the worker. */
  readonly worker: string
  readonly command: WorkerCommand
}

export interface QueueInfo {
  readonly name: string
  readonly paused: boolean
  readonly counts: Readonly<Record<JobState, number>>
}

export interface QueueBacklog {
  /** Jobs that could be claimed; those of one queue are counted up to 1000. */
  readonly waiting: number
  /** How long the first in line of any of the queues has waited; 0 where nothing waits. */
  readonly oldestMs: number
}

export interface WorkerRegistration {
  readonly name: string
  readonly hostname: string
  readonly pid: number
  readonly queues: readonly string[]
  readonly concurrency: number
  readonly isolation: string
  readonly version: string
  readonly startedAt: number
  /** Without a heartbeat for this long the worker counts as gone. */
  readonly ttlMs: number
}

export interface WorkerHeartbeatParams {
  readonly name: string
  readonly state: WorkerState
  readonly finished: number
  readonly failed: number
  readonly ttlMs: number
}

/** `quiet` takes no more jobs and stays; `stopping` takes no more and leaves. */
export type WorkerState = 'starting' | 'idle' | 'busy' | 'quiet' | 'stopping'

export interface WorkerInfo extends Omit<WorkerRegistration, 'ttlMs'> {
  readonly state: WorkerState
  readonly heartbeatAt: number
  readonly finished: number
  readonly failed: number
  /** Ids of the jobs it runs now; on SQLite also of those that its pool children have got ahead of need. */
  readonly running: readonly string[]
}
