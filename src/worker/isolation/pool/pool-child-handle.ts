import type { JobFailure } from '../../../job/failure.ts'
import type { JobGateway } from '../../../job/gateway.ts'
import type { ProcessUsage } from '../../../job/record.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import { ShortMap } from '../../../support/short-map.ts'
import { answerCall } from '../answer-call.ts'
import type { Frame } from '../fork/frames.ts'
import { describeDeath, type ExplainableDeath, explainDeath } from '../fork/horse-death.ts'
import { descendants } from '../fork/horse-meter.ts'
import { killIfThere } from '../fork/kill-if-there.ts'
import type { HorseLimits } from '../fork/messages.ts'
import type { GatewayMethod } from '../gateway-method.ts'
import type { PoolChildEvents, StartFailure } from './child-end.ts'
import { ChildOutput } from './child-output.ts'
import type { PoolReport } from './messages.ts'
import { ownMemory } from './own-memory.ts'
import type { ExecutionHost, PoolExecution } from './pool-execution.ts'
import type { Nursery, PoolProcess } from './pool-process.ts'
import { kernelLimits, runCommand } from './run-command.ts'
import { billOf, settleAtDeath, usageAtDeath } from './settle-at-death.ts'
import { usageBetween } from './usage-between.ts'

/** Where it is in its life. It takes jobs only while it is `ready`. */
export type ChildState = 'starting' | 'ready' | 'leaving' | 'gone'

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
  readonly #events: PoolChildEvents
  readonly #limits: ChildLimits
  readonly #running = new ShortMap<number, PoolExecution>()
  #lastExecution = 0
  /** It runs a job that is to be alone in it. */
  #isTaken = false
  #state: ChildState = 'starting'
  #leaveWhenFree = false
  /** It has said that it is about to die. */
  #isDoomed = false
  #killed = false
  #complaint: string | undefined
  #startFailure: StartFailure | undefined
  #deadline: NodeJS.Timeout | undefined
  /** What the process had used when it was last heard of. */
  #usage: ProcessUsage | undefined
  /** Of the last job: what a finished one has left behind may still ask. */
  #gateway: JobGateway | undefined
  #schedules: readonly DeclaredSchedule[] = []
  #inheritedBytes = 0
  #readyAt = 0
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
    this.#output = new ChildOutput(this.#process, (stream, text) => this.#pass(stream, text))
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Of its job modules; known once it is ready. */
  get schedules(): readonly DeclaredSchedule[] {
    return this.#schedules
  }

  get state(): ChildState {
    return this.#state
  }

  /** Jobs in it now. */
  get load(): number {
    return this.#running.size
  }

  /** It will take more jobs, now or later. */
  get isStaying(): boolean {
    return (
      (this.#state === 'ready' || this.#state === 'starting') &&
      !this.#leaveWhenFree &&
      !this.#isDoomed &&
      !this.#killed
    )
  }

  get hasRoom(): boolean {
    return this.#state === 'ready' && this.isStaying && !this.#isTaken && this.#running.size < this.#limits.perChild
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
    return this.#state === 'starting' ? 0 : performance.now() - this.#readyAt
  }

  /** How long no job has run in it; 0 while one does. */
  get idleMs(): number {
    return this.#state === 'ready' && this.#running.size === 0 ? performance.now() - this.#freeSince : 0
  }

  /** Memory that it has taken for itself since it was ready; what it shares with its zygote is not its own. */
  get ownBytes(): number {
    const bytes = this.pid === undefined ? undefined : ownMemory(this.pid)
    // Elsewhere than on Linux there is only the peak that it tells itself, at the end of each job.
    return bytes === undefined ? (this.#usage?.maxRssBytes ?? 0) : bytes - this.#inheritedBytes
  }

  run(execution: PoolExecution): void {
    // What an earlier job has left behind may have printed meanwhile.
    if (this.#running.size === 0) this.drainOutput()
    const number = ++this.#lastExecution
    this.#taken++
    this.#gateway = execution.observer.gateway
    this.#running.set(number, execution)
    execution.enter(this)
    this.#isTaken = execution.wantsAlone
    const command = runCommand(number, execution, this.#limitsToKeep(execution))
    this.#process.send(command, execution.job.args)
    if (execution.abortReason !== undefined) this.abort(execution)
  }

  /** Without the addon, which a spawned child has not, the kernel cannot be asked to keep anything. */
  #limitsToKeep({ job }: PoolExecution): HorseLimits | undefined {
    const kept = kernelLimits(job.limits)
    if (kept === undefined || this.#process.inheritsMemory) return kept
    if (kept.openFiles !== undefined) {
      this.#events.notice(`job ${job.name}: its limit of open files is not kept in a child that was spawned`)
    }
    return undefined
  }

  abort(execution: PoolExecution): void {
    for (const [number, running] of this.#running.entries()) {
      if (running !== execution) continue
      this.#process.send({ type: 'abort', execution: number, reason: execution.abortReason ?? '' })
    }
  }

  handOver(): void {
    this.#process.send({ type: 'hand-over' })
  }

  /** End the process and all that it has started, now. */
  kill(): void {
    this.#killed = true
    if (this.#state === 'gone') return
    // First those that it has started: afterwards nobody could tell whose they were.
    if (this.pid !== undefined) for (const pid of descendants(this.pid)) killIfThere(pid)
    this.#process.kill()
  }

  /** It takes no more jobs; when those that it has are done, it runs its `beforeExit` hooks and leaves. */
  retire(): void {
    this.#leaveWhenFree = true
    if (this.#state === 'starting') this.kill()
    if (this.#state !== 'ready' || this.#running.size > 0) return
    this.#state = 'leaving'
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

  #pass(stream: 'stdout' | 'stderr', text: string): void {
    const [only] = this.#running.values()
    if (only !== undefined && this.#isAlone) only.output(stream, text)
    else this.#events.output(stream, text)
  }

  #hear({ header, body }: Frame<PoolReport>): void {
    switch (header.type) {
      case 'ready':
        return this.#ready(header)
      case 'start-failed':
        this.#startFailure = { stage: header.stage, failure: parseFailure(body) }
        return
      case 'finished':
      case 'failed':
        return this.#jobEnded(header, body)
      case 'dying':
        return this.#doom(header.execution, parseFailure(body))
      case 'call':
        return void this.#answer(header.call, header.method, body.toString())
      case 'update':
        return this.#running.get(header.execution)?.observer.update(header)
      case 'log':
        return this.#running.get(header.execution)?.observer.log(header.message)
      case 'measuring':
        this.canBeWarned = true
        this.onlyListens = !header.heedsSignal
        return
      case 'profile':
        return this.#running.get(header.execution)?.measured(body)
      case 'output':
        return this.#running.get(header.execution)?.output(header.stream, body.toString())
      case 'notice':
        return this.#events.notice(header.message)
    }
  }

  #born(): void {
    // It may have said so itself already, on its own channel.
    if (this.#state !== 'starting') return
    const { startMs } = this.#limits
    this.#allow(startMs, `it was not ready after ${startMs} ms: a hook hangs, or takes longer than bootTimeout allows`)
  }

  #ready({ usage, jobs, schedules }: Extract<PoolReport, { type: 'ready' }>): void {
    clearTimeout(this.#deadline)
    this.#usage = usage
    this.#schedules = schedules
    if (this.#process.inheritsMemory) this.#inheritedBytes = this.ownBytes
    this.#state = 'ready'
    this.#readyAt = performance.now()
    this.#freeSince = this.#readyAt
    if (this.#leaveWhenFree) this.retire()
    else this.#events.ready(jobs)
  }

  #jobEnded(header: Extract<PoolReport, { type: 'finished' | 'failed' }>, body: Buffer): void {
    const execution = this.#running.get(header.execution)
    if (execution === undefined) return
    this.drainOutput()
    this.#running.delete(header.execution)
    this.#ended++
    const { usage } = header
    if (usage) this.#usage = usage.after
    const bill = billOf(execution, usage && usageBetween(usage.before, usage.after))
    if (this.#running.size === 0) this.#becameFree()
    if (header.type === 'finished') execution.settle({ type: 'finished', result: body.toString(), bill })
    else execution.settle({ type: 'failed', failure: parseFailure(body), bill })
    if (this.#leaveWhenFree) this.retire()
    this.#events.freed()
  }

  /** What the process does, one job does. */
  get #isAlone(): boolean {
    return this.#limits.perChild === 1 || this.#isTaken
  }

  #becameFree(): void {
    this.#isTaken = false
    this.#freeSince = performance.now()
    this.#output.becameFree()
  }

  /** It has said its last word on this job, or on all, and is about to leave. */
  #doom(number: number | undefined, failure: JobFailure): void {
    this.#isDoomed = true
    for (const [key, execution] of this.#running.entries()) {
      if (number === undefined || key === number) execution.doom = failure
    }
  }

  async #answer(call: number, method: GatewayMethod, args: string): Promise<void> {
    if (this.#gateway === undefined) return
    const { ok, body } = await answerCall(this.#gateway, method, args)
    this.#process.send({ type: 'reply', call, ok }, body)
  }

  #allow(ms: number, complaint: string): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => {
      this.#complaint = complaint
      this.kill()
    }, ms)
  }

  #died(death: ExplainableDeath): void {
    this.drainOutput()
    const executions = this.#running.values()
    const wallMs = performance.now() - (executions[0]?.assignedAt ?? this.#readyAt)
    settleAtDeath(executions, {
      explained: explainDeath({ ...death, what: 'pool child' }, this.pid, wallMs, this.#output.complaint),
      memoryExcess: this.#memoryExcess,
      usage: this.#isAlone ? usageAtDeath(this.#usage, death) : undefined,
    })
    this.#running.clear()
    this.#gone(this.#complaint ?? describeDeath(death), executions.length > 0)
  }

  #gone(reason: string, byJob: boolean): void {
    if (this.#state === 'gone') return
    const retired = this.#state === 'leaving' && this.#complaint === undefined
    const wasUseful = byJob || (this.#state !== 'starting' && this.#ended > 0)
    this.#state = 'gone'
    clearTimeout(this.#deadline)
    this.#process.dismiss()
    this.#output.close()
    const start = this.#startFailure
    const told = start && `${start.stage} failed: ${start.failure.name}: ${start.failure.message}`
    this.#events.gone({ retired, byJob, wasUseful, reason: told ?? reason, ...(start ? { start } : {}) })
  }
}

function parseFailure(body: Buffer): JobFailure {
  return JSON.parse(body.toString()) as JobFailure
}
