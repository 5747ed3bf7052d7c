import { EventEmitter } from 'node:events'
import type { Broker, ExecutionOutcome, WorkerState } from '../../broker/broker.ts'
import type { WorkerCommand } from '../../broker/command.ts'
import type { JobGateway } from '../../job/gateway.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { Pulse } from '../../support/pulse.ts'
import type { Isolation } from '../isolation/isolation.ts'
import { Autoscaler } from './autoscaler.ts'
import { BrokerContact } from './broker-contact.ts'
import { EarlyCommands } from './early-commands.ts'
import { Executions } from './executions.ts'
import { IdleLimit } from './idle-limit.ts'
import { obeyCommand } from './obey-command.ts'
import { Presence } from './presence.ts'
import { Upkeep } from './upkeep.ts'
import { WorkWatch } from './work-watch.ts'
import type { LeaveReason, WorkerEvents } from './worker-events.ts'
import type { ResolvedWorkerOptions, WorkerIdentity } from './worker-options.ts'

/** Calls to the broker that may be under way at a time. */
const MOST_LANES = 2
/** Below so many slots for each, larger calls serve better than more of them. */
const LANE_SLOTS = 8

/**
 * The worker process's heart. It alone changes broker state:
 * 1. claim as many jobs as there are free slots, and in the same call end those that are done;
 * 2. give each to the isolation, which runs it (executions.ts);
 * 3. keep its lease (presence.ts) and its time limit (execution.ts);
 * 4. tell the broker how it ended.
 * The loop is the only caller of `jobExchange`, and each outcome goes with one call, so none is told twice.
 * With many slots two calls are under way at a time: the broker works on one while the jobs of the other run.
 */
export class Supervisor extends EventEmitter<WorkerEvents> {
  readonly #broker: Broker
  readonly #isolation: Isolation
  readonly #options: ResolvedWorkerOptions
  readonly #name: string
  readonly #contact: BrokerContact
  readonly #presence: Presence
  readonly #upkeep: Upkeep
  readonly #work: WorkWatch
  readonly #executions: Executions
  readonly #idle: IdleLimit
  readonly #scaler: Autoscaler
  #leaveReason: LeaveReason | undefined
  readonly #pulse = new Pulse()
  /** Ended, not yet told to the broker. */
  #outcomes: ExecutionOutcome[] = []
  #state: Exclude<WorkerState, 'busy'> = 'starting'
  #isQuiet = false
  /** Jobs begun so far. */
  #taken = 0
  /** Calls that are under way, by number, with the jobs that each may bring. */
  readonly #exchanges = new Map<number, number>()
  #lastExchange = 0
  readonly #early = new EarlyCommands()
  #finished = 0
  #failed = 0

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
    this.#options = options
    this.#name = identity.name
    this.#contact = new BrokerContact({
      failed: (error) => this.emit('brokerFailed', error),
      back: () => this.emit('brokerBack'),
    })
    this.#presence = new Presence(broker, identity, options, isolation.mode, this)
    const times = { renewMs: options.renewMs, maintainMs: options.maintainMs }
    this.#upkeep = new Upkeep(broker, times, options.maxAbandonments, {
      workMayExist: () => this.#work.found(),
      maintained: (report) => this.emit('maintained', report),
      failed: (error) => this.#contact.failed(error),
      beat: () => this.#beat(),
    })
    this.#work = new WorkWatch(broker, options.queues, {
      maintain: () => this.#upkeep.maintain(),
      found: () => this.#pulse.ring(),
      failed: (error) => this.#contact.failedAndBackOff(error),
    })
    this.#idle = new IdleLimit(options.maxIdleMs, () => this.#leave('idle'))
    this.#scaler = new Autoscaler(broker, { ...identity, queues: options.queues }, options.slots, {
      running: () => this.#executions.list().filter(({ isPrefetched }) => !isPrefetched),
      changed: (from, { slots, reason }) => {
        this.emit('resized', from, slots, reason)
        this.#pulse.ring()
      },
      failed: (error) => this.#contact.failed(error),
    })
    this.#executions = new Executions(isolation, gateway, options.graceMs, {
      output: (job, stream, line) => this.emit('output', job, stream, line),
      log: (job, message) => this.emit('jobLog', job, message),
      unlimited: (job) => this.emit('unlimited', job),
      update: (job, change) => void this.#update(job, change),
      ended: (job, outcome) => this.#ended(job, outcome),
    })
  }

  get counts(): { readonly finished: number; readonly failed: number } {
    return { finished: this.#finished, failed: this.#failed }
  }

  /** Jobs that it runs at a time, as things are. */
  get slots(): number {
    return this.#scaler.slots
  }

  /** Why it left by itself; undefined where it did not. */
  get leaveReason(): LeaveReason | undefined {
    return this.#leaveReason
  }

  /** Jobs that run now, oldest first. `startedAt` is the time of day, `begunAt` by `performance.now()`, for ages. */
  get running(): readonly { readonly job: ClaimedJob; readonly startedAt: number; readonly begunAt: number }[] {
    return this.#executions.list()
  }

  get state(): WorkerState {
    if (this.#isQuiet && this.#state === 'idle') return 'quiet'
    return this.#state === 'idle' && this.#executions.size > 0 ? 'busy' : this.#state
  }

  /** Works until it is stopped, or, in burst mode, until there is nothing left to do. */
  async run(): Promise<void> {
    try {
      await this.#presence.enter()
      await this.#upkeep.start()
      if (this.#state === 'starting') this.#state = 'idle'
      // The first regular one comes a third of a lease later; until then people would see a worker that starts.
      await this.#beat()
      this.#scaler.start()
      await this.#loop()
    } finally {
      this.#work.stop()
      this.#idle.clear()
      await this.#scaler.stop()
      await this.#upkeep.stop()
      await this.#presence.leave()
    }
  }

  /** Take no more jobs, finish what runs, then leave. */
  stop(): void {
    const isRunning = this.#state !== 'starting'
    this.#state = 'stopping'
    this.#pulse.ring()
    if (isRunning) void this.#beat().catch((error: unknown) => this.#contact.failed(error))
  }

  /** Take no more jobs, finish what runs, and stay: for whoever wants to stop it later without waiting. */
  quiet(): void {
    if (this.#state === 'stopping') return
    this.#isQuiet = true
    if (this.#state === 'idle') void this.#beat().catch((error: unknown) => this.#contact.failed(error))
  }

  /** Leave now: what runs is killed and put back to the front of its queue. */
  kill(): void {
    this.stop()
    this.#executions.interrupt()
  }

  /** Do what somebody tells this worker through the broker. */
  obey(command: WorkerCommand): void {
    // It may be for a job that the broker has just given to us, and of which we have not heard yet.
    if (this.#exchanges.size > 0 && 'jobId' in command && this.#executions.findJob(command.jobId) === undefined) {
      this.#early.add(command, this.#lastExchange)
      return
    }
    this.#obeyNow(command)
  }

  #obeyNow(command: WorkerCommand): void {
    this.emit('commanded', command)
    obeyCommand(command, {
      stop: () => this.stop(),
      findJob: (id) => this.#executions.findJob(id),
      list: () => this.#executions.list(),
    })
  }

  #leave(reason: LeaveReason): void {
    this.#leaveReason = reason
    this.emit('leaving', reason)
    this.stop()
  }

  /** The broker says that an execution is not ours any more. */
  leaseLost(executionId: string): void {
    const execution = this.#executions.find(executionId)
    if (execution === undefined) return
    this.emit('leaseLost', execution.job)
    execution.abandon()
  }

  async #loop(): Promise<void> {
    for (;;) {
      // Between two exchanges: the slots of those that it brings must be known.
      if (this.#presence.isOutdated && this.#exchanges.size === 0) await this.#resize()
      while (this.#mayExchange()) void this.#exchange()
      if (this.#isDone()) return
      if (this.#executions.size === 0 && this.#exchanges.size === 0) this.#idle.arm()
      await this.#pulse.next()
      // What ends in the same turn of the event loop is told in the same round trip.
      if (this.#outcomes.length > 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  get #lanes(): number {
    return this.#contact.isLost ? 1 : Math.min(MOST_LANES, Math.max(1, Math.floor(this.#places / LANE_SLOTS)))
  }

  /** Jobs that it may have: those that run, and those that are worth having at hand. */
  get #places(): number {
    // Of a job that is put back nobody could say whether it counts.
    const prefetch = this.#options.maxJobs === Number.POSITIVE_INFINITY ? (this.#isolation.prefetch?.room ?? 0) : 0
    return this.#scaler.slots + prefetch
  }

  #mayExchange(): boolean {
    if (this.#exchanges.size >= (this.#presence.isOutdated ? 1 : this.#lanes)) return false
    return this.#outcomes.length > 0 || this.#limit() > 0
  }

  /** How many jobs the next call may bring: no lane takes all slots, or there would be nothing to run meanwhile. */
  #limit(): number {
    if (this.#state === 'stopping' || this.#isQuiet || !this.#work.mayExist) return 0
    let claiming = 0
    for (const limit of this.#exchanges.values()) claiming += limit
    const places = this.#places
    const free = Math.min(places - this.#executions.size, this.#options.maxJobs - this.#taken) - claiming
    return Math.min(free, Math.ceil(places / this.#lanes))
  }

  #isDone(): boolean {
    if (this.#exchanges.size > 0 || this.#executions.size > 0 || this.#outcomes.length > 0) return false
    if (this.#state === 'stopping') return true
    return this.#options.burst && !this.#work.mayExist
  }

  /** Where the broker cannot be reached now, the next turn or beat tells it. */
  async #resize(): Promise<void> {
    try {
      await this.#presence.resize()
    } catch (error) {
      this.#contact.failed(error)
    }
  }

  /** One round trip: tell what has ended, take what is free. */
  async #exchange(): Promise<void> {
    const number = ++this.#lastExchange
    const outcomes = this.#outcomes
    const limit = Math.max(0, this.#limit())
    const { finds } = this.#work
    this.#outcomes = []
    this.#exchanges.set(number, limit)
    try {
      const { queues, leaseMs } = this.#options
      const exchange = await this.#broker.jobExchange({ worker: this.#name, outcomes, queues, limit, leaseMs })
      this.#contact.reached()
      if (exchange.refused.length > 0) this.#tellRefused(outcomes, new Set(exchange.refused))
      for (const job of exchange.claimed) this.#start(job)
      // The queues gave less than we could take: wait to be told of more.
      if (exchange.claimed.length < limit) this.#work.ranDry(!this.#options.burst && this.#state !== 'stopping', finds)
    } catch (error) {
      this.#outcomes = [...outcomes, ...this.#outcomes]
      await this.#contact.failedAndBackOff(error)
    } finally {
      this.#exchanges.delete(number)
      const isHere = (jobId: string): boolean => this.#executions.findJob(jobId) !== undefined
      for (const command of this.#early.take([...this.#exchanges.keys()], isHere)) this.#obeyNow(command)
      this.#pulse.ring()
    }
  }

  #tellRefused(outcomes: readonly ExecutionOutcome[], refused: ReadonlySet<string>): void {
    for (const outcome of outcomes) if (refused.has(outcome.executionId)) this.emit('refused', outcome)
  }

  #start(job: ClaimedJob): void {
    this.#taken++
    this.#idle.clear()
    this.emit('started', job)
    this.#executions.start(job)
    this.#scaler.began(Math.min(this.#executions.size, this.slots))
    if (this.#taken === this.#options.maxJobs) this.#leave('max-jobs')
  }

  #ended(job: ClaimedJob, outcome: ExecutionOutcome | undefined): void {
    if (outcome) {
      if (outcome.type === 'finished') this.#finished++
      if (outcome.type === 'failed') this.#failed++
      this.#outcomes.push(outcome)
      this.#scaler.ended(outcome)
      this.emit('ended', job, outcome)
    }
    // The job may have enqueued others; a burst ends only when those are done, too.
    if (this.#options.burst) this.#work.found()
    this.#pulse.ring()
  }

  async #update(job: ClaimedJob, change: { readonly meta?: string; readonly progress?: number }): Promise<void> {
    try {
      await this.#broker.jobUpdate({ jobId: job.id, executionId: job.executionId, ...change })
    } catch (error) {
      this.#contact.failed(error)
    }
  }

  async #beat(): Promise<void> {
    await this.#presence.beat()
    this.#contact.reached()
  }
}
