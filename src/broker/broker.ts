import type { JobFailure } from '../job/failure.ts'
import type { Bill, ClaimedJob, JobRecord, JobResultEntry, NewJob } from '../job/record.ts'
import type { JobState } from '../job/states.ts'
import type { WorkerCommand } from './command.ts'
import type { ScheduleFireParams, ScheduleRecord, ScheduleSync, ScheduleSyncParams } from './schedule.ts'

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
   * Store all of the jobs, or none. A batch keeps its order, at the front of a queue too. Each becomes queued;
   * scheduled where it is due later; or deferred where a dependency is not met, which is decided in the same step.
   * Jobs that stand earlier in the batch count as existing.
   * @throws DuplicateJobError where an id exists and the job is not `unique`.
   */
  jobEnqueue(jobs: readonly NewJob[]): Promise<JobEnqueued>

  /**
   * The one call of a busy supervisor: ends some executions and claims up to `limit` jobs, in one round trip.
   * Queues are served strictly in the order given, each first in, first out; paused queues are passed over, and a
   * suspended broker gives out nothing.
   */
  jobExchange(params: JobExchangeParams): Promise<JobExchange>

  /** Store a running job's meta or progress. False where the execution no longer holds the lease. */
  jobUpdate(params: JobUpdateParams): Promise<boolean>

  jobFetch(id: string): Promise<JobRecord | undefined>

  /** Newest first, paged by an opaque cursor that stays valid while jobs come and go. */
  jobList(params: JobListParams): Promise<JobPage>

  /**
   * Put a job back at the end of its queue with its counters at zero, its retries and repeats as many as at first.
   * A deferred one no longer waits for its dependencies.
   * @throws JobNotFoundError, @throws JobStateError where the job is queued or running.
   */
  jobRequeue(id: string): Promise<void>

  /**
   * Forget a job, its history and its place in its group. Where it had not finished, the jobs that wait for it are
   * canceled: they would wait for ever.
   * @throws JobNotFoundError, @throws JobStateError while it runs.
   */
  jobDelete(id: string): Promise<void>

  /**
   * Queued, deferred or scheduled becomes canceled, and is kept for `failureTtlMs`. Jobs that wait for it go on waiting
   * (RQ), or, with `enqueueDependents`, count this dependency as met.
   * @throws JobNotFoundError, @throws JobStateError where it runs (send its worker a command) or has ended.
   */
  jobCancel(id: string, options?: JobCancelOptions): Promise<void>

  /** How its executions ended, newest first, at most 10. Empty where there is no such job. */
  jobResults(id: string): Promise<JobResultEntry[]>

  /** Ids of the jobs that wait for this one, in no order. */
  jobDependents(id: string): Promise<string[]>

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

  /**
   * What nobody asks for but must happen: due jobs queued, expired leases re-queued, expired jobs forgotten, and in the
   * lists and groups what points to jobs that are gone. A dependency that expired counts as met from then on, but
   * only when another one of the same job ends is that job looked at again.
   */
  maintain(params: MaintainParams): Promise<Maintenance>

  /** Ids of the group's jobs that still exist, in no order. */
  groupFetch(name: string): Promise<string[]>
  /** Names of the groups that have a job, sorted. */
  groupList(): Promise<string[]>
  /** Forget the group; its jobs stay. */
  groupDelete(name: string): Promise<void>

  queueList(): Promise<QueueInfo[]>
  /** What waits in these queues for somebody to claim it. Cheap: an idle number of slots is thought over by it. */
  queueBacklog(queues: readonly string[]): Promise<QueueBacklog>
  /** Delete the jobs that are queued in it now, each as `jobDelete` does, in steps. Returns how many. */
  queueEmpty(queue: string): Promise<number>
  /** Workers claim nothing more from the queue until it is resumed. A queue may be paused before it exists. */
  queuePause(queue: string): Promise<void>
  queueResume(queue: string): Promise<void>

  /**
   * Make the owner's schedules those of `definitions`: new ones are added, those whose hash differs are replaced, and
   * those that are not among them any more are removed. Others keep their `nextAt`.
   * @throws UsageError where a name belongs to another owner; nothing is changed then.
   */
  scheduleSync(params: ScheduleSyncParams): Promise<ScheduleSync>
  /** By name. */
  scheduleList(): Promise<ScheduleRecord[]>
  /**
   * One tick: where the schedule still has this hash and is still next due at `expectedAt`, sets `nextAt` and stores
   * the job, in one step. False where somebody else was first, or the schedule changed. A job whose id exists is
   * left out, as a `unique` one whose predecessor has not ended.
   */
  scheduleFire(params: ScheduleFireParams): Promise<boolean>
  /** Forget a schedule; false where there is none of this name. One that is still defined comes back with the next sync. */
  scheduleDelete(name: string): Promise<boolean>

  workerRegister(worker: WorkerRegistration): Promise<void>
  /** False where the worker was forgotten meanwhile (the machine slept, say) and has to register again. */
  workerHeartbeat(params: WorkerHeartbeatParams): Promise<boolean>
  /** The worker runs more or fewer jobs at a time from now on. Does nothing where it was forgotten meanwhile. */
  workerResize(worker: WorkerRegistration): Promise<void>
  workerUnregister(name: string): Promise<void>
  /** Workers that have been heard of within their `ttlMs`. */
  workerList(): Promise<WorkerInfo[]>

  /**
   * Tell a worker something, from anywhere. It is heard at once or, where the worker is gone, never.
   * @returns false where it is known that nobody of this name listens
   */
  commandSend(params: CommandSendParams): Promise<boolean>
  /**
   * Calls `listener` for each command to `worker` that is sent from now on, in their order, until the function returned
   * is called. Does not poll. Workers subscribe after they have registered. Closing the broker unsubscribes.
   */
  commandSubscribe(worker: string, listener: (command: WorkerCommand) => void): Promise<() => Promise<void>>

  /**
   * Resolves when one of the queues may hold work, at once if one does; or when the time is over or the signal aborts.
   * May resolve for nothing: callers claim and wait again. Does not poll. A scheduled job that becomes due meanwhile is
   * queued at that moment, so an idle worker starts it on time whatever the rhythm of `maintain`. While the broker is
   * suspended there is no work to be had; `workResume`, and the end of its time, wake up.
   */
  workWait(params: WorkWaitParams): Promise<void>

  /** Workers claim nothing more, whatever the queue, until `workResume` or until `ttlMs` is over. RQ's `rq suspend`. */
  workSuspend(params?: WorkSuspendParams): Promise<void>
  workResume(): Promise<void>
  workSuspended(): Promise<boolean>

  /** How the store is set up, for people: what it is, and what about it can lose jobs. */
  storeReport(): Promise<StoreReport>

  /** Pending `workWait`s resolve; every later call rejects with BrokerUnavailableError. Closing again does nothing. */
  close(): Promise<void>
}

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
  /** Ids of the jobs it runs now. */
  readonly running: readonly string[]
}
