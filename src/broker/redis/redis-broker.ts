import { setMaxListeners } from 'node:events'
import { DuplicateJobError, JobNotFoundError, JobStateError } from '../../errors.ts'
import { assertQueueName } from '../../job/queue-name.ts'
import type { JobRecord, JobResultEntry, NewJob } from '../../job/record.ts'
import { JOB_STATES, type JobState } from '../../job/states.ts'
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
import { encodeValue } from './codec/payload.ts'
import { decodeCommand, encodeCommand } from './commands.ts'
import { Exchanger, findSerializer, listed } from './exchange.ts'
import { encodeJobs } from './job-fields.ts'
import { fetchJobs, listJobs } from './job-list.ts'
import { JobEndWaiter } from './job-wait.ts'
import { Listener } from './listener.ts'
import { Maintainer } from './maintenance.ts'
import { asList, asNumber, asText, asTexts, Hash } from './reply.ts'
import { toResultEntry } from './result-entry.ts'
import { fireSchedule, listSchedules, syncSchedules } from './schedules.ts'
import { readServerInfo, reportServer } from './server-info.ts'
import type { Store } from './store.ts'
import { WorkWaiter } from './work-wait.ts'
import { toWorkerList } from './worker-list.ts'
import { WorkerRegistry } from './worker-registry.ts'

/** Ends of executions that are handed out. */
const KEPT_RESULTS = 10
/** Jobs that one step of emptying a queue deletes. */
const EMPTY_BATCH = 200

/** Jobs in Redis or Valkey, under the keys of Python RQ, which may use them, too. */
export class RedisBroker implements Broker {
  readonly url: string
  readonly capabilities: BrokerCapabilities = { network: true, pythonRq: true }
  readonly #store: Store
  readonly #exchanger: Exchanger
  readonly #listener: Listener
  readonly #workWaiter: WorkWaiter
  readonly #endWaiter: JobEndWaiter
  readonly #maintainer: Maintainer
  readonly #workers: WorkerRegistry
  readonly #closing = new AbortController()

  constructor(store: Store) {
    this.url = store.url
    this.#store = store
    this.#exchanger = new Exchanger(store)
    this.#listener = new Listener(store)
    this.#workWaiter = new WorkWaiter(store, this.#listener, this.#closing.signal)
    this.#endWaiter = new JobEndWaiter(store, this.#listener, this.#closing.signal)
    this.#maintainer = new Maintainer(store)
    this.#workers = new WorkerRegistry(store, this.#exchanger)
    // Each pending wait listens; a thousand of them are no leak.
    setMaxListeners(0, this.#closing.signal)
  }

  async jobEnqueue(jobs: readonly NewJob[]): Promise<JobEnqueued> {
    this.#store.assertUsable()
    for (const job of jobs) assertNewJob(job)
    if (jobs.length === 0) return { duplicates: [] }
    const encoded = await encodeJobs(jobs, this.#store.options.serializer)
    const [verdict, detail] = asList(await this.#store.run('job-enqueue', (again) => [again ? '1' : '', ...encoded]))
    if (asText(verdict) === 'duplicate') throw new DuplicateJobError(asText(detail))
    return { duplicates: asTexts(detail) }
  }

  async jobExchange(params: JobExchangeParams): Promise<JobExchange> {
    this.#store.assertUsable()
    assertExchange(params)
    if (params.outcomes.length === 0 && params.limit === 0) return { refused: [], claimed: [] }
    return this.#exchanger.exchange(params)
  }

  async jobUpdate({ jobId, executionId, meta, progress }: JobUpdateParams): Promise<boolean> {
    this.#store.assertUsable()
    const known = this.#exchanger.serializerOf(executionId)
    const serializer = meta === undefined ? 'json' : (known ?? (await findSerializer(this.#store, jobId)))
    const value = meta === undefined ? '' : encodeValue(meta, serializer)
    const args = [jobId, executionId, value, progress === undefined ? '' : progress]
    return asNumber(await this.#store.run('job-update', () => args)) === 1
  }

  async jobFetch(id: string): Promise<JobRecord | undefined> {
    return (await fetchJobs(this.#store, [id]))[0]
  }

  async jobList(params: JobListParams): Promise<JobPage> {
    this.#store.assertUsable()
    assertList(params)
    return listJobs(this.#store, params)
  }

  async jobRequeue(id: string): Promise<void> {
    await this.#change('requeue', id, (state) =>
      state === 'queued' ? 'it waits in its queue already' : 'wait until it has ended, then requeue it',
    )
  }

  async jobDelete(id: string): Promise<void> {
    await this.#change('delete', id, () => 'stop it or wait until it has ended, then delete it')
  }

  async jobCancel(id: string, options: JobCancelOptions = {}): Promise<void> {
    const advice = (state: string) =>
      state === 'started' ? 'it runs; its worker has to be told' : 'it has ended; there is nothing to cancel'
    await this.#change('cancel', id, advice, options.enqueueDependents === true)
  }

  async jobResults(id: string): Promise<JobResultEntry[]> {
    if (asNumber(await this.#store.command('EXISTS', this.#store.keys.job(id))) === 0) return []
    const entries = await this.#store.command(
      'XREVRANGE',
      this.#store.keys.results(id),
      '+',
      '-',
      'COUNT',
      KEPT_RESULTS,
    )
    return asList(entries).map((reply) => {
      const [entryId, flat] = asList(reply)
      return toResultEntry(Number(asText(entryId).split('-')[0]), new Hash(asList(flat)))
    })
  }

  async jobDependents(id: string): Promise<string[]> {
    return asTexts(await this.#store.run('job-dependents', () => [id]))
  }

  async jobWait(id: string, params: WaitParams): Promise<JobRecord | undefined> {
    this.#store.assertUsable()
    await this.#endWaiter.wait(id, params)
    return this.jobFetch(id)
  }

  async leaseRenew({ worker, executions, leaseMs }: LeaseRenewParams): Promise<string[]> {
    this.#store.assertUsable()
    assertLease(leaseMs)
    if (executions.length === 0) return []
    const held = executions.flatMap(({ jobId, executionId }) => [jobId, executionId])
    const lost = asTexts(await this.#store.run('lease-renew', () => [worker, Math.ceil(leaseMs), ...listed(held)]))
    for (const executionId of lost) this.#exchanger.forget(worker, executionId)
    return lost
  }

  async maintain({ maxAbandonments }: MaintainParams): Promise<Maintenance> {
    return this.#maintainer.maintain(maxAbandonments)
  }

  async groupFetch(name: string): Promise<string[]> {
    return asTexts(await this.#store.run('group', () => ['fetch', name]))
  }

  async groupList(): Promise<string[]> {
    return asTexts(await this.#store.run('group', () => ['list', ''])).sort()
  }

  async groupDelete(name: string): Promise<void> {
    await this.#store.run('group', () => ['delete', name])
  }

  async queueList(): Promise<QueueInfo[]> {
    const order: readonly JobState[] = [
      'queued',
      'started',
      'finished',
      'failed',
      'deferred',
      'scheduled',
      'stopped',
      'canceled',
    ]
    return asList(await this.#store.run('queue-list', () => []))
      .map((reply) => {
        const [name, paused, ...counts] = asList(reply)
        const byState = new Map(order.map((state, index) => [state, asNumber(counts[index])]))
        const entries = JOB_STATES.map((state) => [state, byState.get(state) ?? 0])
        return {
          name: asText(name),
          paused: asNumber(paused) === 1,
          counts: Object.fromEntries(entries) as Record<JobState, number>,
        }
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async queueBacklog(queues: readonly string[]): Promise<QueueBacklog> {
    this.#store.assertUsable()
    for (const queue of queues) assertQueueName(queue)
    const [waiting, oldestMs] = asList(await this.#store.run('queue-backlog', () => listed(queues)))
    return { waiting: asNumber(waiting), oldestMs: asNumber(oldestMs) }
  }

  async queueEmpty(queue: string): Promise<number> {
    assertQueueName(queue)
    let left = asNumber(await this.#store.command('LLEN', this.#store.keys.queue(queue)))
    let deleted = 0
    while (left > 0) {
      const batch = Math.min(left, EMPTY_BATCH)
      const [taken, jobs] = asList(await this.#store.run('queue-empty', () => [queue, batch]))
      deleted += asNumber(jobs)
      if (asNumber(taken) < batch) break
      left -= batch
    }
    return deleted
  }

  async queuePause(queue: string): Promise<void> {
    assertQueueName(queue)
    await this.#store.command('SADD', this.#store.keys.paused, queue)
  }

  async queueResume(queue: string): Promise<void> {
    assertQueueName(queue)
    await this.#store.command('SREM', this.#store.keys.paused, queue)
    await this.#store.command('PUBLISH', this.#store.keys.wakeChannel, '')
  }

  async scheduleSync(params: ScheduleSyncParams): Promise<ScheduleSync> {
    for (const definition of params.definitions) assertSchedule(definition)
    return syncSchedules(this.#store, params)
  }

  async scheduleList(): Promise<ScheduleRecord[]> {
    return listSchedules(this.#store)
  }

  async scheduleFire(params: ScheduleFireParams): Promise<boolean> {
    if (params.job !== undefined) assertNewJob(params.job)
    return fireSchedule(this.#store, params)
  }

  async scheduleDelete(name: string): Promise<boolean> {
    return asNumber(await this.#store.run('schedule-delete', () => [name])) === 1
  }

  async workerRegister(worker: WorkerRegistration): Promise<void> {
    this.#store.assertUsable()
    for (const queue of worker.queues) assertQueueName(queue)
    await this.#workers.register(worker)
  }

  async workerHeartbeat(params: WorkerHeartbeatParams): Promise<boolean> {
    return this.#workers.heartbeat(params)
  }

  async workerResize(worker: WorkerRegistration): Promise<void> {
    this.#store.assertUsable()
    await this.#workers.resize(worker)
  }

  async workerUnregister(name: string): Promise<void> {
    await this.#workers.unregister(name)
  }

  async workerList(): Promise<WorkerInfo[]> {
    return toWorkerList(await this.#store.run('worker-list', () => []))
  }

  async commandSend({ worker, command }: CommandSendParams): Promise<boolean> {
    const channel = this.#store.keys.commandChannel(worker)
    const heard = asNumber(await this.#store.command('PUBLISH', channel, encodeCommand(command)))
    if (heard > 0 || this.#store.options.at.kind !== 'cluster') return heard > 0
    // Of a cluster only the listeners of one node are counted.
    const { keys } = this.#store
    return asNumber(await this.#store.command('EXISTS', keys.ownWorker(worker), keys.worker(worker))) > 0
  }

  async commandSubscribe(worker: string, listener: (command: WorkerCommand) => void): Promise<() => Promise<void>> {
    this.#store.assertUsable()
    const book = this.#exchanger.slotsOf(worker)
    // RQ's tools tell a slot, ours the worker.
    const names = [worker, ...(book?.names ?? [])]
    const leaves = await Promise.all(
      names.map((name) =>
        this.#listener.subscribe(this.#store.keys.commandChannel(name), (message) => {
          const command = decodeCommand(message, name === worker ? undefined : () => book?.jobOf(name))
          if (command !== undefined) listener(command)
        }),
      ),
    )
    return async () => {
      for (const leave of leaves) leave()
    }
  }

  async workSuspend({ ttlMs }: WorkSuspendParams = {}): Promise<void> {
    if (ttlMs !== undefined) assertSuspension(ttlMs)
    const duration = ttlMs === undefined ? [] : ['PX', Math.ceil(ttlMs)]
    await this.#store.command('SET', this.#store.keys.suspended, '1', ...duration)
  }

  async workResume(): Promise<void> {
    await this.#store.command('DEL', this.#store.keys.suspended)
    await this.#store.command('PUBLISH', this.#store.keys.wakeChannel, '')
  }

  async workSuspended(): Promise<boolean> {
    return asNumber(await this.#store.command('EXISTS', this.#store.keys.suspended)) === 1
  }

  async workWait(params: WorkWaitParams): Promise<void> {
    this.#store.assertUsable()
    for (const queue of params.queues) assertQueueName(queue)
    try {
      await this.#workWaiter.wait(params)
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error
    }
  }

  async storeReport(): Promise<StoreReport> {
    return reportServer(await readServerInfo(this.#store))
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#store.assertUsable()
    this.#closing.abort()
    this.#workWaiter.close()
    this.#endWaiter.close()
    this.#listener.close()
    this.#store.close()
  }

  async #change(what: string, id: string, advice: (state: string) => string, withDependents = false): Promise<void> {
    const done = asText(await this.#store.run('job-change', () => [what, id, withDependents ? '1' : '']))
    if (done === 'missing') throw new JobNotFoundError(id)
    if (done !== 'ok') throw new JobStateError(id, done, advice(done))
  }
}
