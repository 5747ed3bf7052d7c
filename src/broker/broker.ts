import type { JobFailure } from '../job/failure.ts'
import type { Bill, ClaimedJob, JobRecord, NewJob } from '../job/record.ts'
import type { JobState } from '../job/states.ts'

/**
 * Where jobs live. Two implementations, one conformance suite (test/conformance/broker).
 *
 * Rules that every implementation keeps:
 * - Each method is atomic: after a crash at any instant it has happened whole or not at all.
 * - Only the worker that holds an execution's lease can end it. A late end is refused, never applied.
 * - Method names are noun first, so that they sort by what they touch.
 * - Times are Unix milliseconds of the broker's clock, durations are milliseconds.
 */
export interface Broker {
  /** URL without secrets, for logs. */
  readonly url: string
  readonly capabilities: BrokerCapabilities

  /**
   * Store all of the jobs, or none. A batch keeps its order, at the front of a queue too.
   * @throws DuplicateJobError where an id exists.
   */
  jobEnqueue(jobs: readonly NewJob[]): Promise<void>

  /**
   * The one call of a busy supervisor: ends some executions and claims up to `limit` jobs, in one round trip.
   * Queues are served strictly in the order given, each first in, first out; paused queues are passed over.
   */
  jobExchange(params: JobExchangeParams): Promise<JobExchange>

  /** Store a running job's meta or progress. False where the execution no longer holds the lease. */
  jobUpdate(params: JobUpdateParams): Promise<boolean>

  jobFetch(id: string): Promise<JobRecord | undefined>

  /** Newest first, paged by an opaque cursor that stays valid while jobs come and go. */
  jobList(params: JobListParams): Promise<JobPage>

  /**
   * Put a job back at the end of its queue with its counters at zero.
   * @throws JobNotFoundError, @throws JobStateError where the job is queued or running.
   */
  jobRequeue(id: string): Promise<void>

  /** Forget a job. @throws JobNotFoundError, @throws JobStateError while it runs. */
  jobDelete(id: string): Promise<void>

  /**
   * Resolves when the job has ended, is gone (undefined), or, with its record as it is then, when the time is over or
   * the signal aborts. Rejects with BrokerUnavailableError where the broker is closed meanwhile. Does not poll.
   */
  jobWait(id: string, params: WaitParams): Promise<JobRecord | undefined>

  /**
   * Extend the leases of running executions; returns the execution ids of those that this worker no longer holds.
   * A lease that ran out is extended like any other while nobody has reclaimed the job.
   */
  leaseRenew(params: LeaseRenewParams): Promise<string[]>

  /** What nobody asks for but must happen: due jobs queued, expired leases re-queued, expired jobs forgotten. */
  maintain(params: MaintainParams): Promise<Maintenance>

  queueList(): Promise<QueueInfo[]>
  /** Workers claim nothing more from the queue until it is resumed. A queue may be paused before it exists. */
  queuePause(queue: string): Promise<void>
  queueResume(queue: string): Promise<void>

  workerRegister(worker: WorkerRegistration): Promise<void>
  /** False where the worker was forgotten meanwhile (the machine slept, say) and has to register again. */
  workerHeartbeat(params: WorkerHeartbeatParams): Promise<boolean>
  workerUnregister(name: string): Promise<void>
  /** Workers that have been heard of within their `ttlMs`. */
  workerList(): Promise<WorkerInfo[]>

  /**
   * Resolves when one of the queues may hold work, at once if one does; or when the time is over or the signal aborts.
   * May resolve for nothing: callers claim and wait again. Does not poll. A scheduled job that becomes due meanwhile is
   * queued at that moment, so an idle worker starts it on time whatever the rhythm of `maintain`.
   */
  workWait(params: WorkWaitParams): Promise<void>

  /** Pending `workWait`s resolve; every later call rejects with BrokerUnavailableError. Closing again does nothing. */
  close(): Promise<void>
}

/** Differences between brokers, by name: nobody asks which broker it is. */
export interface BrokerCapabilities {
  /** Several hosts can share it. */
  readonly network: boolean
  /** Python RQ workers and producers can share it. */
  readonly pythonRq: boolean
}

/** How one execution ended, for the broker. */
export type ExecutionOutcome = {
  readonly jobId: string
  readonly executionId: string
  readonly bill?: Bill
} & (
  | { readonly type: 'finished' /** JSON text. */; readonly result: string }
  | { readonly type: 'failed'; readonly failure: JobFailure }
  /** Not the job's doing (the worker was told to leave): back to the front of its queue, this attempt not counted. */
  | { readonly type: 'released' }
)

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
  /** Jobs whose lease had expired once too often and that are failed now. */
  readonly poisoned: readonly { readonly jobId: string; readonly worker: string }[]
  /** Jobs forgotten because their time to live was over. */
  readonly expired: number
  /** When the next scheduled job becomes due. */
  readonly nextDueAt?: number
}

export interface QueueInfo {
  readonly name: string
  readonly paused: boolean
  readonly counts: Readonly<Record<JobState, number>>
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

export type WorkerState = 'starting' | 'idle' | 'busy' | 'stopping'

export interface WorkerInfo extends Omit<WorkerRegistration, 'ttlMs'> {
  readonly state: WorkerState
  readonly heartbeatAt: number
  readonly finished: number
  readonly failed: number
  /** Ids of the jobs it runs now. */
  readonly running: readonly string[]
}
