import type { JobRecord, JobResultEntry, NewJob } from '../job/record.ts'
import type {
  BrokerCapabilities,
  CommandSendParams,
  JobCancelOptions,
  JobEnqueued,
  JobExchange,
  JobExchangeParams,
  JobListParams,
  JobPage,
  JobUpdateParams,
  LeaseRenewParams,
  MaintainParams,
  Maintenance,
  QueueBacklog,
  QueueInfo,
  StoreReport,
  WaitParams,
  WorkerHeartbeatParams,
  WorkerInfo,
  WorkerRegistration,
  WorkSuspendParams,
  WorkWaitParams,
} from './broker-data.ts'
import type { WorkerCommand } from './command.ts'
import type { ScheduleFireParams, ScheduleRecord, ScheduleSync, ScheduleSyncParams } from './schedule.ts'

export type * from './broker-data.ts'

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
