import { setMaxListeners } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assertQueueName } from '../../job/queue-name.ts'
import type { JobRecord, NewJob } from '../../job/record.ts'
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
import type { Connection } from './connection.ts'
import { EndedProbe } from './ended-probe.ts'
import { anyClaimable, claimJobs } from './job-claim.ts'
import { insertJobs } from './job-enqueue.ts'
import { renewLeases, updateRunning } from './job-lease.ts'
import { listJobs } from './job-list.ts'
import { deleteJob, fetchJob, requeueJob } from './job-manage.ts'
import { applyOutcomes } from './job-outcome.ts'
import { BATCH, dueWork, forgetExpired, promoteDue, type Reclaimed, reclaimAbandoned } from './maintenance.ts'
import { listQueues, setPaused } from './queue.ts'
import { type Look, waitFor } from './wait.ts'
import { WakeFile } from './wake.ts'
import { forgetGoneWorkers, listWorkers, recordHeartbeat, registerWorker, unregisterWorker } from './worker.ts'

/** How long one `maintain` goes on forgetting expired jobs; what is left is for the next. */
const FORGET_FOR_MS = 500

/** Jobs in one SQLite file that any number of processes of one machine share. */
export class SqliteBroker implements Broker {
  readonly url: string
  readonly capabilities: BrokerCapabilities = { network: false, pythonRq: false }
  readonly #connection: Connection
  readonly #endedProbe: EndedProbe
  /** Rung when there may be work, and when some job ended. */
  readonly #work: WakeFile
  readonly #done: WakeFile
  readonly #closing = new AbortController()

  constructor(connection: Connection, url: string) {
    this.url = url
    this.#connection = connection
    this.#endedProbe = new EndedProbe(connection)
    this.#work = new WakeFile(`${connection.file}-wake`)
    this.#done = new WakeFile(`${connection.file}-done`)
    // Each pending wait listens; a thousand of them are no leak.
    setMaxListeners(0, this.#closing.signal)
  }

  async jobEnqueue(jobs: readonly NewJob[]): Promise<JobEnqueued> {
    for (const job of jobs) assertNewJob(job)
    if (jobs.length === 0) {
      this.#connection.assertUsable()
      return { duplicates: [] }
    }
    await this.#connection.write('enqueue jobs', () => insertJobs(this.#connection, jobs, Date.now()))
    // Also for jobs due later: whoever waits has to learn when.
    this.#work.ring()
    return { duplicates: [] }
  }

  async jobExchange(params: JobExchangeParams): Promise<JobExchange> {
    assertExchange(params)
    if (params.outcomes.length === 0 && !(await this.#mayClaim(params))) return { refused: [], claimed: [] }
    const { applied, claimed } = await this.#connection.write('claim and end jobs', () => {
      const now = Date.now()
      const applied = applyOutcomes(this.#connection, params.worker, params.outcomes, now)
      return { applied, claimed: claimJobs(this.#connection, params, now) }
    })
    if (applied.ended) this.#done.ring()
    if (applied.released) this.#work.ring()
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
    await this.#connection.write('delete a job', () => deleteJob(this.#connection, id))
    this.#done.ring()
  }

  async jobWait(id: string, params: WaitParams): Promise<JobRecord | undefined> {
    this.#connection.assertUsable()
    const look = async (): Promise<Look<true>> => ((await this.#endedProbe.hasEnded(id)) ? { found: true } : {})
    await waitFor(this.#done, { ...params, closed: this.#closing.signal }, look)
    return this.jobFetch(id)
  }

  async leaseRenew(params: LeaseRenewParams): Promise<string[]> {
    assertLease(params.leaseMs)
    return this.#connection.write('renew leases', () => renewLeases(this.#connection, params, Date.now()))
  }

  async maintain(params: MaintainParams): Promise<Maintenance> {
    const now = Date.now()
    const due = await this.#connection.readOne('maintain', () => dueWork(this.#connection))
    const promoted = isDue(due.nextDueAt, now) ? await this.#promote() : 0
    const taken = isDue(due.nextLeaseEnd, now) ? await this.#reclaim(params.maxAbandonments) : NOTHING_RECLAIMED
    const expired = isDue(due.nextExpiry, now) ? await this.#forget() : 0
    if (isDue(due.nextWorkerGone, now)) {
      await this.#connection.write('forget gone workers', () => forgetGoneWorkers(this.#connection, Date.now()))
    }
    const { nextDueAt } =
      promoted === 0 ? due : await this.#connection.readOne('maintain', () => dueWork(this.#connection))
    return { promoted, ...taken, expired, ...(nextDueAt === null ? {} : { nextDueAt }) }
  }

  async queueList(): Promise<QueueInfo[]> {
    return this.#connection.read('list queues', () => listQueues(this.#connection))
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

  async workerRegister(worker: WorkerRegistration): Promise<void> {
    for (const queue of worker.queues) assertQueueName(queue)
    await this.#connection.write('register a worker', () => registerWorker(this.#connection, worker, Date.now()))
  }

  async workerHeartbeat(params: WorkerHeartbeatParams): Promise<boolean> {
    return this.#connection.write('heartbeat', () => recordHeartbeat(this.#connection, params, Date.now()))
  }

  async workerUnregister(name: string): Promise<void> {
    await this.#connection.write('unregister a worker', () => unregisterWorker(this.#connection, name))
  }

  async workerList(): Promise<WorkerInfo[]> {
    return this.#connection.read('list workers', () => listWorkers(this.#connection, Date.now()))
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

  async close(): Promise<void> {
    if (this.#connection.closed) return
    this.#connection.assertUsable()
    this.#closing.abort()
    this.#connection.close()
    this.#work.close()
    this.#done.close()
  }

  /** Looks without the write lock: idle workers, all woken by one job, need not queue up for it. */
  async #mayClaim({ limit, queues }: JobExchangeParams): Promise<boolean> {
    if (limit === 0) this.#connection.assertUsable()
    return limit > 0 && (await this.#connection.readOne('claim jobs', () => anyClaimable(this.#connection, queues)))
  }

  async #lookForWork(queues: readonly string[]): Promise<Look<true>> {
    const { claimable, nextDueAt } = await this.#connection.readOne('wait for work', () => ({
      claimable: anyClaimable(this.#connection, queues),
      nextDueAt: dueWork(this.#connection).nextDueAt,
    }))
    if (claimable) return { found: true }
    if (nextDueAt === null) return {}
    if (!isDue(nextDueAt, Date.now())) return { againAt: nextDueAt }
    await this.#promote()
    return { againAt: Date.now() }
  }

  async #promote(): Promise<number> {
    return this.#inBatches(Number.POSITIVE_INFINITY, async () => {
      const count = await this.#connection.write('queue due jobs', () => promoteDue(this.#connection, Date.now()))
      if (count > 0) this.#work.ring()
      return count
    })
  }

  async #reclaim(maxAbandonments: number): Promise<Reclaimed> {
    const all: Reclaimed = { reclaimed: [], poisoned: [] }
    await this.#inBatches(Number.POSITIVE_INFINITY, async () => {
      const { reclaimed, poisoned } = await this.#connection.write('reclaim jobs', () =>
        reclaimAbandoned(this.#connection, maxAbandonments, Date.now()),
      )
      if (reclaimed.length > 0) this.#work.ring()
      if (poisoned.length > 0) this.#done.ring()
      all.reclaimed.push(...reclaimed)
      all.poisoned.push(...poisoned)
      return reclaimed.length + poisoned.length
    })
    return all
  }

  async #forget(): Promise<number> {
    return this.#inBatches(FORGET_FOR_MS, () =>
      this.#connection.write('forget expired jobs', () => forgetExpired(this.#connection, Date.now())),
    )
  }

  /** Repeats `step` while it fills its batch, giving way to everybody else in between. */
  async #inBatches(forMs: number, step: () => Promise<number>): Promise<number> {
    const end = performance.now() + forMs
    let total = 0
    for (;;) {
      const count = await step()
      total += count
      if (count < BATCH || performance.now() > end) return total
      await nextTurn()
    }
  }
}

const NOTHING_RECLAIMED: Reclaimed = { reclaimed: [], poisoned: [] }

function isDue(at: number | null, now: number): boolean {
  return at !== null && at <= now
}
