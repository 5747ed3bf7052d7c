import type { JobFailure } from '../../../job/failure.ts'
import type { JobGateway } from '../../../job/gateway.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import { answerCall } from '../answer-call.ts'
import type { Frame } from '../fork/frames.ts'
import { describeDeath, type ExplainableDeath, explainDeath } from '../fork/horse-death.ts'
import { descendants } from '../fork/horse-meter.ts'
import { killIfThere } from '../fork/kill-if-there.ts'
import type { GatewayMethod } from '../gateway-method.ts'
import { ChildAccount } from './child-account.ts'
import type { PoolChildEvents } from './child-end.ts'
import { ChildJobs } from './child-jobs.ts'
import { ChildLife, type ChildState } from './child-life.ts'
import { ChildOutput } from './child-output.ts'
import type { PoolReport } from './messages.ts'
import { OrderBatch } from './order-batch.ts'
import { LONG_MS } from './pace.ts'
import type { ExecutionHost, PoolExecution } from './pool-execution.ts'
import type { Nursery, PoolProcess } from './pool-process.ts'
import { billOf, settleAtDeath } from './settle-at-death.ts'

export interface ChildLimits {
  readonly perChild: number
  /** How long it may take to become ready. */
  readonly startMs: number
  /** How long it may take to leave. */
  readonly leaveMs: number
}

/** The supervisor's view of one pool child: gives it jobs, hears how they end, notices its death. */
export class PoolChildHandle implements ExecutionHost {
  readonly #process: PoolProcess
  readonly #output: ChildOutput
  readonly #account: ChildAccount
  readonly #events: PoolChildEvents
  readonly #limits: ChildLimits
  readonly #life = new ChildLife()
  readonly #jobs: ChildJobs
  readonly #orders: OrderBatch
  /** It runs a job that is to be alone in it. */
  #isTaken = false
  /** Of the last job: what a finished one has left behind may still ask. */
  #gateway: JobGateway | undefined
  #schedules: readonly DeclaredSchedule[] = []
  #freeSince = 0
  #ended = 0
  #taken = 0
  #memoryExcess: string | undefined
  canBeWarned = false
  onlyListens = true

  constructor(nursery: Nursery, limits: ChildLimits, events: PoolChildEvents) {
    this.#limits = limits
    this.#events = events
    this.#process = nursery.launch({
      born: () => this.#born(),
      report: (frame) => this.#hear(frame),
      died: (death) => this.#died(death),
      unborn: (reason) => this.#gone(reason, false),
    })
    this.#jobs = new ChildJobs(limits.perChild === 1 ? this.#process.begins : undefined)
    this.#orders = new OrderBatch(this.#process, (message) => events.notice(message))
    this.#account = new ChildAccount(this.#process)
    this.#output = new ChildOutput(this.#process, {
      isUpToDate: () => this.isShared || this.#jobs.isUpToDate,
      emit: (stream, text, isLeftOver) => this.#pass(stream, text, isLeftOver),
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Of its job modules; known once it is ready. */
  get schedules(): readonly DeclaredSchedule[] {
    return this.#schedules
  }

  get state(): ChildState {
    return this.#life.state
  }

  /** Jobs in it now. */
  get load(): number {
    return this.#jobs.size
  }

  /** How long its job has run, as far as is known; 0 where it has none. */
  get #jobMs(): number {
    const { current } = this.#jobs
    return current === undefined ? 0 : performance.now() - current.begunAt
  }

  /** It may be given jobs before the one that it has has ended. */
  get takesAhead(): boolean {
    const { current, canTakeBack } = this.#jobs
    if (this.state !== 'ready' || !this.isStaying || !canTakeBack) return false
    return current === undefined || (current.mayBeAhead && this.#jobMs < LONG_MS)
  }

  /** So many jobs may be given to it beside those that it has; none where it has none. @param depth how many it may have ahead */
  roomAhead(depth: number): number {
    return this.#jobs.size > 0 && this.takesAhead ? 1 + depth - this.#jobs.size : 0
  }

  /** To be called every LONG_MS: where its job takes that long, what waits behind it comes back. */
  freeFromLongJob(): void {
    if (this.#jobs.isStuck) this.takeBack()
  }

  /** It will take more jobs, now or later. */
  get isStaying(): boolean {
    return this.#life.isStaying
  }

  get hasRoom(): boolean {
    return this.state === 'ready' && this.isStaying && !this.#isTaken && this.#jobs.size < this.#limits.perChild
  }

  /** Several jobs may run in it at the same time. */
  get isShared(): boolean {
    return this.#limits.perChild > 1
  }

  /** Jobs that it was ever given. */
  get taken(): number {
    return this.#taken
  }

  get ageMs(): number {
    return this.#life.ageMs
  }

  /** How long no job has run in it; 0 while one does. */
  get idleMs(): number {
    return this.state === 'ready' && this.#jobs.size === 0 ? performance.now() - this.#freeSince : 0
  }

  /** Memory that it has taken for itself since it was ready; what it shares with its zygote is not its own. */
  get ownBytes(): number {
    return this.#account.ownBytes
  }

  /** Takes a job, to run now or when those before it have ended; `send` sends it. */
  give(execution: PoolExecution): void {
    // What an earlier job has left behind may have printed meanwhile.
    if (this.#jobs.size === 0 && this.isShared) this.drainOutput()
    const begins = this.#jobs.size === 0 || this.isShared
    const number = this.#jobs.add(execution)
    this.#taken++
    this.#gateway = execution.observer.gateway
    this.#isTaken = execution.wantsAlone
    this.#orders.add(number, execution)
    execution.enter(this)
    if (begins) execution.begin()
  }

  /** Sends what it was given. */
  send(): void {
    for (const number of this.#orders.send(this.#jobs.round)) {
      const execution = this.#jobs.get(number)
      if (execution?.abortReason !== undefined) this.abort(execution)
    }
  }

  abort(execution: PoolExecution): void {
    const number = this.#jobs.numberOf(execution)
    if (number === undefined) return
    this.#process.send({ type: 'abort', execution: number, reason: execution.abortReason ?? '' })
  }

  handOver(): void {
    this.#process.send({ type: 'hand-over' })
  }

  /** Gives back what it has not begun. */
  takeBack(): void {
    // What is sent later would count as given later.
    this.send()
    const taken = this.#jobs.takeBack()
    if (taken.length === 0) return
    this.#taken -= taken.length
    for (const execution of taken) execution.leave()
    if (this.#jobs.size === 0) this.#becameFree()
    this.#events.tookBack(taken)
    if (this.#life.leavesWhenFree) this.retire()
  }

  killJob(execution: PoolExecution): void {
    this.takeBack()
    // Where it has begun another since, the end of this one is on its way.
    if (this.isShared || this.#jobs.isLast(execution)) this.kill()
  }

  /** End the process and all that it has started, now. */
  kill(): void {
    this.#life.isKilled = true
    if (this.state === 'gone') return
    this.takeBack()
    // First those that it has started: afterwards nobody could tell whose they were.
    if (this.pid !== undefined) for (const pid of descendants(this.pid)) killIfThere(pid)
    this.#process.kill()
  }

  /** It takes no more jobs; when those that it has are done, it runs its `beforeExit` hooks and leaves. */
  retire(): void {
    this.#life.leavesWhenFree = true
    if (this.state === 'starting') this.kill()
    if (this.state !== 'ready' || this.#jobs.size > 0) return
    this.#life.leaving()
    this.#process.send({ type: 'retire' })
    const { leaveMs } = this.#limits
    this.#allow(leaveMs, `it had not left ${leaveMs} ms after it was told to: a beforeExit hook hangs`)
  }

  /** Its jobs fail for having made it too large. */
  killForMemory(size: string): void {
    this.#memoryExcess = `the pool child (pid ${this.pid}) held ${size}`
    this.kill()
  }

  drainOutput(): void {
    this.#output.drain()
  }

  #pass(stream: 'stdout' | 'stderr', text: string, isLeftOver: boolean): void {
    const { current } = this.#jobs
    if (current !== undefined && this.#isAlone && !isLeftOver) current.output(stream, text)
    else this.#events.output(stream, text)
  }

  #hear({ header, body }: Frame<PoolReport>): void {
    switch (header.type) {
      case 'ready':
        return this.#ready(header)
      case 'start-failed':
        this.#life.startFailure = { stage: header.stage, failure: parseFailure(body) }
        return
      case 'finished':
      case 'failed':
        return this.#jobEnded(header, body)
      case 'dying':
        return this.#doom(header.execution, parseFailure(body))
      case 'call':
        return void this.#answer(header.call, header.method, body.toString())
      case 'update':
        return this.#jobs.get(header.execution)?.observer.update(header)
      case 'log':
        return this.#jobs.get(header.execution)?.observer.log(header.message)
      case 'measuring':
        this.canBeWarned = true
        this.onlyListens = !header.heedsSignal
        return
      case 'profile':
        return this.#jobs.get(header.execution)?.measured(body)
      case 'output':
        return this.#jobs.get(header.execution)?.output(header.stream, body.toString())
      case 'notice':
        return this.#events.notice(header.message)
    }
  }

  #born(): void {
    // It may have said so itself already, on its own channel.
    if (this.state !== 'starting') return
    const { startMs } = this.#limits
    this.#allow(startMs, `it was not ready after ${startMs} ms: a hook hangs, or takes longer than bootTimeout allows`)
  }

  #ready({ usage, jobs, schedules }: Extract<PoolReport, { type: 'ready' }>): void {
    this.#account.open(usage)
    this.#schedules = schedules
    this.#life.ready()
    this.#freeSince = this.#life.readyAt
    if (this.#life.leavesWhenFree) this.retire()
    else this.#events.ready(jobs)
  }

  #jobEnded(header: Extract<PoolReport, { type: 'finished' | 'failed' }>, body: Buffer): void {
    const execution = this.#jobs.get(header.execution)
    if (execution === undefined) return
    if (this.isShared) this.#output.drain()
    else this.#output.drainSpan(header.printed)
    this.#jobs.remove(header.execution)
    this.#ended++
    const bill = billOf(header.ms, this.#account.ofJob(header))
    this.#events.pace(header.ms)
    this.#goOn()
    if (header.type === 'finished') execution.settle({ type: 'finished', result: body.toString(), bill })
    else execution.settle({ type: 'failed', failure: parseFailure(body), bill })
    if (this.#life.leavesWhenFree) this.retire()
    this.#events.freed()
  }

  /** A job has ended: on to the next. */
  #goOn(): void {
    const isFree = this.#jobs.size === 0
    this.#output.jobEnded(isFree)
    if (isFree) this.#becameFree()
    else if (!this.isShared) this.#jobs.current?.begin()
  }

  #becameFree(): void {
    this.#isTaken = false
    this.#freeSince = performance.now()
  }

  /** What the process does, one job does. */
  get #isAlone(): boolean {
    return this.#limits.perChild === 1 || this.#isTaken
  }

  /** It has said its last word on this job, or on all, and is about to leave. */
  #doom(number: number | undefined, failure: JobFailure): void {
    this.#life.isDoomed = true
    this.takeBack()
    const meant = number === undefined ? this.#jobs.all() : [this.#jobs.get(number)]
    for (const execution of meant) if (execution) execution.doom = failure
  }

  async #answer(call: number, method: GatewayMethod, args: string): Promise<void> {
    if (this.#gateway === undefined) return
    const { ok, body } = await answerCall(this.#gateway, method, args)
    this.#process.send({ type: 'reply', call, ok }, body)
  }

  #allow(ms: number, complaint: string): void {
    this.#life.allow(ms, complaint, () => this.kill())
  }

  #died(death: ExplainableDeath): void {
    this.takeBack()
    this.drainOutput()
    const executions = this.#jobs.all()
    const wallMs = performance.now() - (executions[0]?.begunAt ?? this.#life.readyAt)
    settleAtDeath(executions, {
      explained: explainDeath({ ...death, what: 'pool child' }, this.pid, wallMs, this.#output.complaint),
      memoryExcess: this.#memoryExcess,
      usage: this.#isAlone ? this.#account.atDeath(death) : undefined,
    })
    this.#jobs.clear()
    this.#gone(describeDeath(death), executions.length > 0)
  }

  #gone(reason: string, byJob: boolean): void {
    const end = this.#life.end(reason, byJob, this.#ended > 0)
    if (end === undefined) return
    this.#process.dismiss()
    this.#output.close()
    this.#events.gone(end)
  }
}

function parseFailure(body: Buffer): JobFailure {
  return JSON.parse(body.toString()) as JobFailure
}
