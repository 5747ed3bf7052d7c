import { closeSync } from 'node:fs'
import type { JobFailure } from '../../../job/failure.ts'
import type { ClaimedJob } from '../../../job/record.ts'
import type { MemoryGroups } from '../../cgroup/memory-groups.ts'
import { answerCall } from '../answer-call.ts'
import type { ExecutionEnd, ExecutionObserver, Measurement } from '../isolation.ts'
import type { ProfileRequest } from '../profiling.ts'
import { Confinement } from './confinement.ts'
import { FrameLine } from './frame-line.ts'
import type { Frame } from './frames.ts'
import { billOf } from './horse-bill.ts'
import { explainDeath, type HorseDeath } from './horse-death.ts'
import { descendants, HorseMeter } from './horse-meter.ts'
import { HorseOutput } from './horse-output.ts'
import type { HorseCommand, HorseReport } from './messages.ts'
import type { Native } from './native.ts'
import { writeRole } from './role.ts'
import { runCommand } from './run-command.ts'
import type { StartMemory } from './start-memory.ts'

type LastWord =
  | { readonly type: 'finished'; readonly result: string }
  | { readonly type: 'failed'; readonly failure: JobFailure }

/**
 * The supervisor's view of one horse: its channel, its output, its end.
 * An execution has ended when the horse is dead *and* its channel is read to the end, so no last word is missed.
 */
export class HorseHandle {
  readonly number: number
  readonly #output: HorseOutput
  readonly #line: FrameLine<HorseCommand, HorseReport>
  readonly #meter: HorseMeter
  /** The horse's end of the channel, until it is born with a copy of it. */
  #horseEnd: number | undefined

  /** A zygote was asked for it. */
  ordered = false
  pid: number | undefined
  forkMs: number | undefined
  /** True where it is to be measured. */
  readonly isProfiled: boolean
  /** Before, the signal would end it. */
  canBeWarned = false
  /** What it has measured, as JSON text of a RawProfile; undefined where it has died without handing over. */
  readonly profiled: Promise<Buffer | undefined>
  #resolveProfiled!: (raw: Buffer | undefined) => void
  /** Says how it is to be measured, until it is born with a copy of it. */
  #roleFile: number | undefined

  #job: ClaimedJob | undefined
  #observer: ExecutionObserver | undefined
  /** Of its zygote. */
  #starts: StartMemory | undefined
  #assignedAt = 0
  readonly #groups: MemoryGroups | undefined
  #confinement: Confinement | undefined
  /** Said while the horse is being confined: its job comes first. */
  #held: HorseCommand[] | undefined
  readonly #onBirth: ((pid: number) => void)[] = []
  #lastWord: LastWord | undefined
  /** When it said how its job ended, by `performance.now()`. What it does from then on are `beforeExit` hooks. */
  settledAt: number | undefined
  #death: HorseDeath | undefined
  #lineClosed = false
  #killed = false
  #settle: ((end: ExecutionEnd) => void) | undefined

  /** @param groups where memory limits are kept by control groups */
  constructor(native: Native, number: number, profile?: ProfileRequest, groups?: MemoryGroups) {
    this.number = number
    this.#groups = groups
    this.isProfiled = profile !== undefined
    if (profile) this.#roleFile = writeRole(native, { profile })
    this.profiled = new Promise((resolve) => {
      this.#resolveProfiled = resolve
    })
    this.#meter = new HorseMeter(native)
    const [ours, theirs] = native.socketPair('stream')
    this.#horseEnd = theirs
    this.#output = new HorseOutput(native)
    this.#line = new FrameLine(native, ours, {
      report: (frame) => this.#receive(frame),
      closed: () => {
        this.#lineClosed = true
        this.#resolveProfiled(undefined)
        this.#trySettle()
      },
    })
  }

  /** Descriptors for the horse: channel, stdout, stderr, and its role where it has one. */
  get descriptors(): number[] {
    const plain = [this.#horseEnd as number, ...this.#output.descriptors]
    return this.#roleFile === undefined ? plain : [...plain, this.#roleFile]
  }

  get born(): boolean {
    return this.pid !== undefined
  }

  /** Its pid, as soon as it has one. */
  whenBorn(): Promise<number> {
    const { pid } = this
    if (pid !== undefined) return Promise.resolve(pid)
    return new Promise((resolve) => this.#onBirth.push(resolve))
  }

  /** The fork has happened: from now on only the horse holds its end of the channel open. */
  wasBorn(pid: number, forkMs: number): void {
    this.pid = pid
    this.forkMs = forkMs
    this.#closeHorseEnd()
    if (this.#job !== undefined) this.#meter.begin(pid)
    for (const resolve of this.#onBirth.splice(0)) resolve(pid)
  }

  #closeHorseEnd(): void {
    for (const file of [this.#horseEnd, this.#roleFile]) if (file !== undefined) closeSync(file)
    this.#horseEnd = undefined
    this.#roleFile = undefined
  }

  /**
   * Give the horse its job. It may not even be born yet: the message waits in the channel.
   * @param starts what horses of its zygote begin with
   */
  assign(job: ClaimedJob, observer: ExecutionObserver, starts: StartMemory): Promise<ExecutionEnd> {
    this.#job = job
    this.#observer = observer
    this.#starts = starts
    if (this.pid !== undefined) this.#meter.begin(this.pid)
    this.#assignedAt = performance.now()
    this.#begin(job)
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#trySettle()
    })
  }

  #begin(job: ClaimedJob): void {
    const { memoryBytes } = job.limits ?? {}
    // A limit wants the exact number; one that is measured has more in memory than others; and one that no zygote was
    // asked for yet may be another zygote's.
    const isLikeOthers = memoryBytes === undefined && !this.isProfiled && this.ordered
    const start = isLikeOthers ? this.#starts?.take() : undefined
    if (start !== undefined) this.#meter.noteStart(start)
    const command = runCommand(job, start === undefined)
    if (this.#groups === undefined || memoryBytes === undefined) return this.#line.send(command, job.args)
    this.#confinement = new Confinement(this.#groups, memoryBytes)
    this.#held = []
    void this.#confinement.admit(this.whenBorn()).then((trouble) => {
      if (trouble !== undefined) this.tell(trouble)
      this.#line.send(command, job.args)
      for (const command of this.#held ?? []) this.#line.send(command)
      this.#held = undefined
    })
  }

  #say(command: HorseCommand): void {
    if (this.#held) this.#held.push(command)
    else this.#line.send(command)
  }

  abort(reason: string): void {
    this.#say({ type: 'abort', reason })
  }

  /** What the job has used so far. */
  measure(): Measurement | undefined {
    const memoryBytes = this.#meter.sampleMemory()
    const { limits } = this.#job ?? {}
    if (memoryBytes === undefined) return undefined
    this.drainOutput()
    return {
      // What costs more than a look at one file is looked at only where it matters.
      memoryBytes: memoryBytes + (limits?.memoryBytes === undefined ? 0 : this.#meter.sampleDescendants()),
      cpuMs: limits?.cpuMs === undefined ? 0 : this.#meter.sampleCpuMs(),
      outputBytes: this.#output.bytes,
      outOfMemory: this.#confinement?.isOutOfMemory ?? false,
    }
  }

  /** Child processes, those in groups and sessions of their own included, which a kill of the group does not reach. */
  descendants(): number[] {
    return this.pid === undefined || this.#death !== undefined ? [] : descendants(this.pid)
  }

  /** Ask for what it has measured so far; `profiled` has it then. */
  handOver(): void {
    this.#say({ type: 'hand-over' })
  }

  get isKilled(): boolean {
    return this.#killed
  }

  /** A line for the log of its job. */
  tell(message: string): void {
    this.#observer?.log(message)
  }

  /** Our own kill is on its way. */
  markKilled(): void {
    this.#killed = true
  }

  /** Pass on what the job has printed so far. */
  drainOutput(): void {
    const observer = this.#observer
    if (observer === undefined) return
    if (this.#death === undefined) this.#meter.sampleMemory()
    this.#output.drain(observer, this.#job?.limits?.outputBytes)
  }

  /** The horse is gone, and this is how. */
  died(death: HorseDeath): void {
    this.#death ??= death
    this.#trySettle()
  }

  /** The horse will never be born. */
  giveUp(reason: string): void {
    this.#settle?.({ type: 'unstarted', reason })
    this.#settle = undefined
    this.dismiss()
  }

  /** Let go of a horse without a job: it leaves when its channel closes. */
  dismiss(): void {
    this.#closeHorseEnd()
    this.#line.close()
    this.#output.close()
    this.#confinement?.end()
  }

  #receive(frame: Frame<HorseReport>): void {
    const { header, body } = frame
    switch (header.type) {
      case 'began':
        this.#meter.noteStart(header.memory)
        if (!this.isProfiled) this.#starts?.learn(header.memory)
        break
      case 'finished':
        this.#meter.noteShared(header.sharedBytes)
        this.#settled({ type: 'finished', result: body.toString() })
        break
      case 'failed':
        this.#meter.noteShared(header.sharedBytes)
        this.#settled({ type: 'failed', failure: JSON.parse(body.toString()) as JobFailure })
        break
      case 'log':
        this.#observer?.log(header.message)
        break
      case 'update':
        this.#observer?.update(header)
        break
      case 'measuring':
        this.canBeWarned = true
        break
      case 'profile':
        this.#resolveProfiled(body)
        break
      case 'call':
        void this.#answer(header.call, header.method, body.toString())
    }
  }

  #settled(word: LastWord): void {
    this.#lastWord = word
    this.settledAt = performance.now()
  }

  async #answer(call: number, method: Parameters<typeof answerCall>[1], args: string): Promise<void> {
    if (this.#observer === undefined) return
    const { ok, body } = await answerCall(this.#observer.gateway, method, args)
    this.#line.send({ type: 'reply', call, ok }, body)
  }

  #trySettle(): void {
    if (this.#death === undefined || !this.#lineClosed || this.#settle === undefined) return
    this.drainOutput()
    this.#settle(this.#judge(this.#death))
    this.#settle = undefined
    this.#output.close()
    this.#confinement?.end()
  }

  #judge(death: HorseDeath): ExecutionEnd {
    const wallMs = performance.now() - this.#assignedAt
    const { status } = death
    const billed = status ? { bill: billOf(status, wallMs, this.forkMs, this.#meter.bill(status.maxRssBytes)) } : {}
    const word = this.#lastWord
    if (word?.type === 'failed') {
      return { type: 'failed', failure: this.#confinement?.explain(word.failure) ?? word.failure, ...billed }
    }
    if (word) return { type: 'finished', result: word.result, ...billed }
    if (this.#killed) return { type: 'killed', givenUp: false, ...billed }
    const failure = this.#confinement?.explain() ?? explainDeath(death, this.pid, wallMs, this.#output.tail)
    return { type: 'failed', failure, ...billed }
  }
}
