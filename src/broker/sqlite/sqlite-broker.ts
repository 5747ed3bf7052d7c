import { setMaxListeners } from 'node:events'
import { assertQueueName } from '../../job/queue-name.ts'
import type { JobRecord, JobResultEntry, NewJob } from '../../job/record.ts'
import type {
  Broker,
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
} from '../broker.ts'
import {
  assertExchange,
  assertLease,
  assertList,
  assertNewJob,
  assertSchedule,
  assertSuspension,
} from '../check-arguments.ts'
import type { WorkerCommand } from '../command.ts'
import type { ScheduleFireParams, ScheduleRecord, ScheduleSync, ScheduleSyncParams } from '../schedule.ts'
import { measureBacklog } from './backlog.ts'
import { listenForCommands, sendCommand } from './command.ts'
import type { Connection } from './connection.ts'
import { listDependents } from './dependents.ts'
import { EndedProbe } from './ended-probe.ts'
import { deleteGroup, fetchGroup, listGroups } from './group.ts'
import { listResults } from './history.ts'
import { Housekeeping, isDue } from './housekeeping.ts'
import { anyClaimable, claimJobs } from './job-claim.ts'
import { insertJobs } from './job-enqueue.ts'
import { renewLeases, updateRunning } from './job-lease.ts'
import { listJobs } from './job-list.ts'
import { cancelJob, deleteJob, emptyQueue, fetchJob, lastJob, requeueJob } from './job-manage.ts'
import { applyOutcomes } from './job-outcome.ts'
import type { LeaseClock } from './lease-clock.ts'
import { BATCH, dueWork } from './maintenance.ts'
import { listQueues, setPaused } from './queue.ts'
import { deleteSchedule, fireSchedule, listSchedules, syncSchedules } from './schedule.ts'
import { resume, suspend, suspendedUntil } from './suspension.ts'
import { type Look, waitFor } from './wait.ts'
import { WakeFile } from './wake.ts'
import { listWorkers, recordHeartbeat, registerWorker, resizeWorker, unregisterWorker } from './worker.ts'

/** Jobs in one SQLite file that any number of processes of one machine share. */
export class SqliteBroker implements Broker {
  readonly url: string
  readonly capabilities: BrokerCapabilities = { network: false, pythonRq: false }
  readonly #connection: Connection
  readonly #leaseClock: LeaseClock
  readonly #endedProbe: EndedProbe
  /** Rung when there may be work, and when some job ended. */
  readonly #work: WakeFile
  readonly #done: WakeFile
  /** Rung when some worker is told something. */
  readonly #told: WakeFile
  readonly #housekeeping: Housekeeping
  readonly #closing = new AbortController()

  constructor(connection: Connection, leaseClock: LeaseClock, url: string) {
    this.url = url
    this.#connection = connection
    this.#leaseClock = leaseClock
    this.#endedProbe = new EndedProbe(connection)
    this.#work = new WakeFile(`${connection.file}-wake`)
    this.#done = new WakeFile(`${connection.file}-done`)
    this.#told = new WakeFile(`${connection.file}-told`)
    this.#housekeeping = new Housekeeping(connection, leaseClock, this.#work, this.#done)
    // Each pending wait listens; a thousand of them are no leak.
    setMaxListeners(0, this.#closing.signal)
  }

  async jobEnqueue(jobs: readonly NewJob[]): Promise<JobEnqueued> {
    for (const job of jobs) assertNewJob(job)
    if (jobs.length === 0) {
      this.#connection.assertUsable()
      return { duplicates: [] }
    }
    const duplicates = await this.#connection.write('enqueue jobs', () =>
      insertJobs(this.#connection, jobs, Date.now()),
    )
    // Also for jobs due later: whoever waits has to learn when.
    this.#work.ring()
    return { duplicates }
  }

  async jobExchange(params: JobExchangeParams): Promise<JobExchange> {
    assertExchange(params)
    if (params.outcomes.length === 0 && !(await this.#mayClaim(params))) return { refused: [], claimed: [] }
    const { applied, claimed } = await this.#connection.write('claim and end jobs', () => {
      const now = Date.now()
      const applied = applyOutcomes(this.#connection, params.worker, params.outcomes, now)
      return { applied, claimed: claimJobs(this.#connection, params, now, this.#leaseClock.now()) }
    })
    if (applied.ended) this.#done.ring()
    if (applied.workCame) this.#work.ring()
    return { refused: applied.refused, claimed }
  }

  async jobUpdate(params: JobUpdateParams): Promise<boolean> {
    return this.#connection.write('update a job', () => updateRunning(this.#connection, params))
  }

  async jobFetch(id: string): Promise<JobRecord | undefined> {
    return this.#connection.readOne('fetch a job', () => fetchJob(this.#connection, id))
  }

  async jobList(params: JobListParams): Promise<JobPage> {
    assertList(params)
    return this.#connection.readOne('list jobs', () => listJobs(this.#connection, params))
  }

  async jobRequeue(id: string): Promise<void> {
    await this.#connection.write('requeue a job', () => requeueJob(this.#connection, id, Date.now()))
    this.#work.ring()
  }

  async jobDelete(id: string): Promise<void> {
    await this.#connection.write('delete a job', () => deleteJob(this.#connection, id, Date.now()))
    this.#done.ring()
  }

  async jobCancel(id: string, options: JobCancelOptions = {}): Promise<void> {
    const queued = await this.#connection.write('cancel a job', () =>
      cancelJob(this.#connection, id, options, Date.now()),
    )
    this.#done.ring()
    if (queued > 0) this.#work.ring()
  }

  async jobResults(id: string): Promise<JobResultEntry[]> {
    return this.#connection.read('list results', () => listResults(this.#connection, id))
  }

  async jobDependents(id: string): Promise<string[]> {
    return this.#connection.readOne('list dependents', () => listDependents(this.#connection, id))
  }

  async jobWait(id: string, params: WaitParams): Promise<JobRecord | undefined> {
    this.#connection.assertUsable()
    const look = async (): Promise<Look<true>> => ((await this.#endedProbe.hasEnded(id)) ? { found: true } : {})
    await waitFor(this.#done, { ...params, closed: this.#closing.signal }, look)
    return this.jobFetch(id)
  }

  async leaseRenew(params: LeaseRenewParams): Promise<string[]> {
    assertLease(params.leaseMs)
    return this.#connection.write('renew leases', () => renewLeases(this.#connection, params, this.#leaseClock.now()))
  }

  maintain(params: MaintainParams): Promise<Maintenance> {
    return this.#housekeeping.maintain(params)
  }

  async groupFetch(name: string): Promise<string[]> {
    return this.#connection.readOne('fetch a group', () => fetchGroup(this.#connection, name))
  }

  async groupList(): Promise<string[]> {
    return this.#connection.readOne('list groups', () => listGroups(this.#connection))
  }

  async groupDelete(name: string): Promise<void> {
    await this.#connection.write('delete a group', () => deleteGroup(this.#connection, name))
  }

  async queueList(): Promise<QueueInfo[]> {
    return this.#connection.read('list queues', () => listQueues(this.#connection))
  }

  async queueBacklog(queues: readonly string[]): Promise<QueueBacklog> {
    for (const queue of queues) assertQueueName(queue)
    return this.#connection.read('measure the backlog', () => measureBacklog(this.#connection, queues, Date.now()))
  }

  async queueEmpty(queue: string): Promise<number> {
    assertQueueName(queue)
    const last = await this.#connection.readOne('empty a queue', () => lastJob(this.#connection))
    const count = await this.#housekeeping.inBatches(Number.POSITIVE_INFINITY, () =>
      this.#connection.write('empty a queue', () => emptyQueue(this.#connection, queue, last, BATCH, Date.now())),
    )
    if (count > 0) this.#done.ring()
    return count
  }

  async queuePause(queue: string): Promise<void> {
    assertQueueName(queue)
    await this.#connection.write('pause a queue', () => setPaused(this.#connection, queue, true))
  }

  async queueResume(queue: string): Promise<void> {
    assertQueueName(queue)
    await this.#connection.write('resume a queue', () => setPaused(this.#connection, queue, false))
    this.#work.ring()
  }

  async scheduleSync(params: ScheduleSyncParams): Promise<ScheduleSync> {
    for (const definition of params.definitions) assertSchedule(definition)
    return this.#connection.write('synchronize schedules', () => syncSchedules(this.#connection, params))
  }

  async scheduleList(): Promise<ScheduleRecord[]> {
    return this.#connection.readOne('list schedules', () => listSchedules(this.#connection))
  }

  async scheduleFire(params: ScheduleFireParams): Promise<boolean> {
    if (params.job !== undefined) assertNewJob(params.job)
    const fired = await this.#connection.write('fire a schedule', () =>
      fireSchedule(this.#connection, params, Date.now()),
    )
    if (fired) this.#work.ring()
    return fired
  }

  async scheduleDelete(name: string): Promise<boolean> {
    return this.#connection.write('delete a schedule', () => deleteSchedule(this.#connection, name))
  }

  async workerRegister(worker: WorkerRegistration): Promise<void> {
    for (const queue of worker.queues) assertQueueName(queue)
    await this.#connection.write('register a worker', () =>
      registerWorker(this.#connection, worker, Date.now(), this.#leaseClock.now()),
    )
  }

  async workerHeartbeat(params: WorkerHeartbeatParams): Promise<boolean> {
    return this.#connection.write('heartbeat', () =>
      recordHeartbeat(this.#connection, params, Date.now(), this.#leaseClock.now()),
    )
  }

  async workerResize(worker: WorkerRegistration): Promise<void> {
    await this.#connection.write('resize a worker', () => resizeWorker(this.#connection, worker))
  }

  async workerUnregister(name: string): Promise<void> {
    await this.#connection.write('unregister a worker', () => unregisterWorker(this.#connection, name))
  }

  async workerList(): Promise<WorkerInfo[]> {
    return this.#connection.read('list workers', () => listWorkers(this.#connection, this.#leaseClock.now()))
  }

  async commandSend({ worker, command }: CommandSendParams): Promise<boolean> {
    const sent = await this.#connection.write('send a command', () =>
      sendCommand(this.#connection, worker, command, Date.now()),
    )
    if (sent) this.#told.ring()
    return sent
  }

  async commandSubscribe(worker: string, listener: (command: WorkerCommand) => void): Promise<() => Promise<void>> {
    const closed = this.#closing.signal
    return listenForCommands(this.#connection, this.#told, { worker, listener, closed })
  }

  async workSuspend({ ttlMs }: WorkSuspendParams = {}): Promise<void> {
    if (ttlMs !== undefined) assertSuspension(ttlMs)
    await this.#connection.write('suspend', () =>
      suspend(this.#connection, ttlMs === undefined ? null : Date.now() + Math.ceil(ttlMs)),
    )
  }

  async workResume(): Promise<void> {
    await this.#connection.write('resume', () => resume(this.#connection))
    this.#work.ring()
  }

  async workSuspended(): Promise<boolean> {
    return this.#connection.readOne('suspended?', () => suspendedUntil(this.#connection, Date.now()) !== undefined)
  }

  async workWait(params: WorkWaitParams): Promise<void> {
    for (const queue of params.queues) assertQueueName(queue)
    this.#connection.assertUsable()
    const closed = this.#closing.signal
    try {
      await waitFor(this.#work, { ...params, closed }, () => this.#lookForWork(params.queues))
    } catch (error) {
      if (!closed.aborted) throw error
    }
  }

  async storeReport(): Promise<StoreReport> {
    this.#connection.assertUsable()
    return { facts: [], warnings: [] }
  }

  async close(): Promise<void> {
    if (this.#connection.closed) return
    this.#connection.assertUsable()
    this.#closing.abort()
    this.#connection.close()
    this.#work.close()
    this.#done.close()
    this.#told.close()
  }

  /** Looks without the write lock: idle workers, all woken by one job, need not queue up for it. */
  async #mayClaim({ limit, queues }: JobExchangeParams): Promise<boolean> {
    if (limit === 0) this.#connection.assertUsable()
    const now = Date.now()
    const look = () => anyClaimable(this.#connection, queues, now)
    return limit > 0 && (await this.#connection.readOne('claim jobs', look))
  }

  async #lookForWork(queues: readonly string[]): Promise<Look<true>> {
    const now = Date.now()
    const { claimable, nextDueAt, suspended } = await this.#connection.readOne('wait for work', () => ({
      claimable: anyClaimable(this.#connection, queues, now),
      nextDueAt: dueWork(this.#connection).nextDueAt,
      suspended: suspendedUntil(this.#connection, now),
    }))
    if (claimable && suspended === undefined) return { found: true }
    if (!isDue(nextDueAt, now)) return lookAgain(nextDueAt ?? undefined, suspended)
    await this.#housekeeping.promote()
    return { againAt: now }
  }
}

function lookAgain(...times: readonly (number | undefined)[]): Look<true> {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? {} : { againAt: Math.min(...known) }
}
