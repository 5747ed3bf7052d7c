import { setMaxListeners } from 'node:events'
import { DuplicateJobError, JobNotFoundError, JobStateError } from '../../errors.ts'
import { assertQueueName } from '../../job/queue-name.ts'
import type { JobRecord, NewJob } from '../../job/record.ts'
import { JOB_STATES, type JobState } from '../../job/states.ts'
import type {
  Broker,
  BrokerCapabilities,
  JobEnqueued,
  JobExchange,
  JobExchangeParams,
  JobListParams,
  JobPage,
  JobUpdateParams,
  LeaseRenewParams,
  MaintainParams,
  Maintenance,
  QueueInfo,
  WaitParams,
  WorkerHeartbeatParams,
  WorkerInfo,
  WorkerRegistration,
  WorkWaitParams,
} from '../broker.ts'
import { assertExchange, assertLease, assertList, assertNewJob } from '../check-arguments.ts'
import { encodeValue } from './codec/payload.ts'
import { Exchanger, findSerializer, listed } from './exchange.ts'
import { encodeJobs } from './job-fields.ts'
import { fetchJobs, listJobs } from './job-list.ts'
import { JobEndWaiter } from './job-wait.ts'
import { Listener } from './listener.ts'
import { Maintainer } from './maintenance.ts'
import { asList, asNumber, asText, asTexts } from './reply.ts'
import type { Store } from './store.ts'
import { WorkWaiter } from './work-wait.ts'
import { toWorkerList } from './worker-list.ts'
import { WorkerRegistry } from './worker-registry.ts'

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

  async queuePause(queue: string): Promise<void> {
    assertQueueName(queue)
    await this.#store.command('SADD', this.#store.keys.paused, queue)
  }

  async queueResume(queue: string): Promise<void> {
    assertQueueName(queue)
    await this.#store.command('SREM', this.#store.keys.paused, queue)
    await this.#store.command('PUBLISH', this.#store.keys.wakeChannel, '')
  }

  async workerRegister(worker: WorkerRegistration): Promise<void> {
    this.#store.assertUsable()
    for (const queue of worker.queues) assertQueueName(queue)
    await this.#workers.register(worker)
  }

  async workerHeartbeat(params: WorkerHeartbeatParams): Promise<boolean> {
    return this.#workers.heartbeat(params)
  }

  async workerUnregister(name: string): Promise<void> {
    await this.#workers.unregister(name)
  }

  async workerList(): Promise<WorkerInfo[]> {
    return toWorkerList(await this.#store.run('worker-list', () => []))
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

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#store.assertUsable()
    this.#closing.abort()
    this.#workWaiter.close()
    this.#endWaiter.close()
    this.#listener.close()
    this.#store.close()
  }

  async #change(what: string, id: string, advice: (state: string) => string): Promise<void> {
    const done = asText(await this.#store.run('job-change', () => [what, id, '']))
    if (done === 'missing') throw new JobNotFoundError(id)
    if (done !== 'ok') throw new JobStateError(id, done, advice(done))
  }
}
