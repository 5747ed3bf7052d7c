import { EventEmitter } from 'node:events'
import type { Broker, ExecutionOutcome, Maintenance, WorkerState } from '../../broker/broker.ts'
import type { JobGateway } from '../../job/gateway.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { Pulse } from '../../support/pulse.ts'
import type { ExecutionObserver, Isolation } from '../isolation/isolation.ts'
import { Execution } from './execution.ts'
import { OutputLines } from './output-lines.ts'
import { Upkeep } from './upkeep.ts'
import type { ResolvedWorkerOptions, WorkerIdentity } from './worker-options.ts'

/** What happens in a worker, for logs, metrics and tests. */
export interface WorkerEvents {
  started: [job: ClaimedJob]
  ended: [job: ClaimedJob, outcome: ExecutionOutcome]
  /** The outcome came too late: the lease was lost and the job is somebody else's. */
  refused: [job: ClaimedJob | undefined, executionId: string]
  leaseLost: [job: ClaimedJob]
  output: [job: ClaimedJob, stream: 'stdout' | 'stderr', line: string]
  jobLog: [job: ClaimedJob, message: string]
  maintained: [report: Maintenance]
  brokerFailed: [error: unknown]
  brokerBack: []
}

const BROKER_RETRY_MS = [100, 250, 500, 1000, 2000, 5000]

/**
 * The worker process's heart. It alone changes broker state:
 * 1. claim as many jobs as there are free slots, and in the same call end those that are done;
 * 2. give each to the isolation, which runs it;
 * 3. keep its lease and its time limit;
 * 4. tell the broker how it ended.
 * The loop is the only caller of `jobExchange`, so outcomes go out in order and none is told twice.
 */
export class Supervisor extends EventEmitter<WorkerEvents> {
  readonly #broker: Broker
  readonly #isolation: Isolation
  readonly #gateway: JobGateway
  readonly #options: ResolvedWorkerOptions
  readonly #identity: WorkerIdentity
  readonly #upkeep: Upkeep
  readonly #pulse = new Pulse()
  readonly #executions = new Map<string, Execution>()
  readonly #waiting = new AbortController()
  /** Ended, not yet told to the broker. */
  #outcomes: ExecutionOutcome[] = []
  #workMayExist = true
  #watching = false
  #state: WorkerState = 'starting'
  #finished = 0
  #failed = 0
  #brokerFailures = 0
  #killed = false

  constructor(
    broker: Broker,
    isolation: Isolation,
    gateway: JobGateway,
    identity: WorkerIdentity,
    options: ResolvedWorkerOptions,
  ) {
    super()
    this.#broker = broker
    this.#isolation = isolation
    this.#gateway = gateway
    this.#identity = identity
    this.#options = options
    const times = { renewMs: options.renewMs, maintainMs: options.maintainMs }
    this.#upkeep = new Upkeep(broker, times, options.maxAbandonments, {
      workMayExist: () => this.#wake(),
      maintained: (report) => this.emit('maintained', report),
      failed: (error) => this.#brokerFailed(error),
      beat: () => this.#beat(),
    })
  }

  get counts(): { readonly finished: number; readonly failed: number } {
    return { finished: this.#finished, failed: this.#failed }
  }

  /** Jobs that run now. */
  get running(): readonly { readonly job: ClaimedJob; readonly startedAt: number }[] {
    return [...this.#executions.values()]
  }

  /** Works until it is stopped, or, in burst mode, until there is nothing left to do. */
  async run(): Promise<void> {
    await this.#broker.workerRegister({
      ...this.#identity,
      queues: this.#options.queues,
      concurrency: this.#options.concurrency,
      isolation: this.#isolation.mode,
      startedAt: Date.now(),
      ttlMs: this.#options.leaseMs * 4,
    })
    try {
      await this.#upkeep.start()
      if (this.#state === 'starting') this.#state = 'idle'
      // The first regular one comes a third of a lease later; until then people would see a worker that starts.
      await this.#beat()
      await this.#loop()
    } finally {
      this.#waiting.abort()
      await this.#upkeep.stop()
      await this.#broker.workerUnregister(this.#identity.name)
    }
  }

  /** Take no more jobs, finish what runs, then leave. */
  stop(): void {
    const isRunning = this.#state !== 'starting'
    this.#state = 'stopping'
    this.#pulse.ring()
    if (isRunning) void this.#beat().catch((error: unknown) => this.#brokerFailed(error))
  }

  /** Leave now: what runs is killed and put back to the front of its queue. */
  kill(): void {
    this.#killed = true
    this.stop()
    // The youngest first: each goes to the front of its queue, and the oldest should stand there in the end.
    for (const execution of [...this.#executions.values()].reverse()) execution.interrupt()
  }

  async #loop(): Promise<void> {
    for (;;) {
      const took = await this.#exchange()
      if (this.#isDone(took)) return
      // Something may have ended while the broker was busy; only sleep when there is nothing to say.
      if (this.#outcomes.length > 0 || this.#canClaim()) continue
      await this.#pulse.next()
      // What ends in the same turn of the event loop is told in the same round trip.
      if (this.#outcomes.length > 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #canClaim(): boolean {
    return this.#state !== 'stopping' && this.#workMayExist && this.#freeSlots() > 0
  }

  #freeSlots(): number {
    return this.#options.concurrency - this.#executions.size
  }

  #isDone(took: boolean): boolean {
    if (took || this.#executions.size > 0 || this.#outcomes.length > 0) return false
    if (this.#state === 'stopping') return true
    return this.#options.burst && !this.#workMayExist
  }

  /** One round trip: tell what has ended, take what is free. True where jobs were taken. */
  async #exchange(): Promise<boolean> {
    const outcomes = this.#outcomes
    const limit = this.#canClaim() ? this.#freeSlots() : 0
    if (outcomes.length === 0 && limit === 0) return false
    this.#outcomes = []
    try {
      const { name } = this.#identity
      const { queues, leaseMs } = this.#options
      const exchange = await this.#broker.jobExchange({ worker: name, outcomes, queues, limit, leaseMs })
      this.#brokerReached()
      for (const executionId of exchange.refused) this.emit('refused', undefined, executionId)
      for (const job of exchange.claimed) this.#start(job)
      if (exchange.claimed.length < limit) this.#ranDry()
      return exchange.claimed.length > 0
    } catch (error) {
      this.#outcomes = [...outcomes, ...this.#outcomes]
      this.#brokerFailed(error)
      await this.#backOff()
      // Not done: outcomes must still be told, whatever else.
      return true
    }
  }

  #start(job: ClaimedJob): void {
    this.emit('started', job)
    const stdout = new OutputLines((line) => this.emit('output', job, 'stdout', line))
    const stderr = new OutputLines((line) => this.emit('output', job, 'stderr', line))
    const observer: ExecutionObserver = {
      gateway: this.#gateway,
      output: (stream, text) => (stream === 'stdout' ? stdout : stderr).push(text),
      log: (message) => this.emit('jobLog', job, message),
      update: (change) => void this.#update(job, change),
    }
    const execution = new Execution(job, this.#isolation, observer, this.#options.graceMs)
    this.#executions.set(job.executionId, execution)
    // Claimed in the same instant in which we were told to leave.
    if (this.#killed) execution.interrupt()
    void execution.outcome.then((outcome) => {
      stdout.end()
      stderr.end()
      this.#ended(job, outcome)
    })
  }

  #ended(job: ClaimedJob, outcome: ExecutionOutcome | undefined): void {
    this.#executions.delete(job.executionId)
    if (outcome) {
      if (outcome.type === 'finished') this.#finished++
      if (outcome.type === 'failed') this.#failed++
      this.#outcomes.push(outcome)
      this.emit('ended', job, outcome)
    }
    // The job may have enqueued others; a burst ends only when those are done, too.
    if (this.#options.burst) this.#workMayExist = true
    this.#pulse.ring()
  }

  async #update(job: ClaimedJob, change: { readonly meta?: string; readonly progress?: number }): Promise<void> {
    try {
      await this.#broker.jobUpdate({ jobId: job.id, executionId: job.executionId, ...change })
    } catch (error) {
      this.#brokerFailed(error)
    }
  }

  /** The queues gave less than we could take: wait to be told of more. */
  #ranDry(): void {
    this.#workMayExist = false
    if (this.#options.burst || this.#watching || this.#state === 'stopping') return
    void this.#watch()
  }

  async #watch(): Promise<void> {
    this.#watching = true
    try {
      // First the housekeeping: it finds out when the next scheduled job becomes due.
      await this.#upkeep.maintain()
      await this.#broker.workWait({ queues: this.#options.queues, signal: this.#waiting.signal })
    } catch (error) {
      if (!this.#waiting.signal.aborted) {
        this.#brokerFailed(error)
        await this.#backOff()
      }
    } finally {
      this.#watching = false
    }
    this.#wake()
  }

  #wake(): void {
    this.#workMayExist = true
    this.#pulse.ring()
  }

  async #beat(): Promise<void> {
    const { name } = this.#identity
    const executions = [...this.#executions.values()].map(({ job }) => ({
      jobId: job.id,
      executionId: job.executionId,
    }))
    if (executions.length > 0) {
      const lost = await this.#broker.leaseRenew({ worker: name, executions, leaseMs: this.#options.leaseMs })
      for (const executionId of lost) this.#loseLease(executionId)
    }
    const idle = this.#executions.size === 0
    await this.#broker.workerHeartbeat({
      name,
      state: this.#state === 'stopping' ? 'stopping' : idle ? 'idle' : 'busy',
      finished: this.#finished,
      failed: this.#failed,
      ttlMs: this.#options.leaseMs * 4,
    })
    this.#brokerReached()
  }

  #loseLease(executionId: string): void {
    const execution = this.#executions.get(executionId)
    if (execution === undefined) return
    this.emit('leaseLost', execution.job)
    execution.abandon()
  }

  /** Said once, not at every attempt. */
  #brokerFailed(error: unknown): void {
    if (this.#brokerFailures++ === 0) this.emit('brokerFailed', error)
  }

  #brokerReached(): void {
    if (this.#brokerFailures > 0) this.emit('brokerBack')
    this.#brokerFailures = 0
  }

  async #backOff(): Promise<void> {
    const index = Math.min(this.#brokerFailures - 1, BROKER_RETRY_MS.length - 1)
    await new Promise((resolve) => setTimeout(resolve, BROKER_RETRY_MS[Math.max(0, index)]))
  }
}
