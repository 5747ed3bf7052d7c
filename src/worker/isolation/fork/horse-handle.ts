import { closeSync } from 'node:fs'
import type { JobFailure } from '../../../job/failure.ts'
import type { Bill, ClaimedJob, ProcessUsage } from '../../../job/record.ts'
import { defined } from '../../../support/defined.ts'
import { answerCall } from '../answer-call.ts'
import type { ExecutionEnd, ExecutionObserver, Measurement } from '../isolation.ts'
import type { ProfileRequest } from '../profiling.ts'
import { timeOfDay } from '../time-of-day.ts'
import { FrameLine } from './frame-line.ts'
import type { Frame } from './frames.ts'
import { explainDeath, type HorseDeath, signalName } from './horse-death.ts'
import { descendants, HorseMeter } from './horse-meter.ts'
import type { HorseCommand, HorseReport } from './messages.ts'
import type { Native, WaitResult } from './native.ts'
import { OutputFile } from './output-file.ts'
import { writeRole } from './role.ts'

type LastWord =
  | { readonly type: 'finished'; readonly result: string }
  | { readonly type: 'failed'; readonly failure: JobFailure }

/**
 * The supervisor's view of one horse: its channel, its output, its end.
 * An execution has ended when the horse is dead *and* its channel is read to the end, so no last word is missed.
 */
export class HorseHandle {
  readonly number: number
  readonly #stdout: OutputFile
  readonly #stderr: OutputFile
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
  #assignedAt = 0
  #outputBytes = 0
  readonly #onBirth: ((pid: number) => void)[] = []
  #lastWord: LastWord | undefined
  /** When it said how its job ended, by `performance.now()`. What it does from then on are `beforeExit` hooks. */
  settledAt: number | undefined
  #death: HorseDeath | undefined
  #lineClosed = false
  #killed = false
  #outputClosed = false
  #settle: ((end: ExecutionEnd) => void) | undefined

  constructor(native: Native, number: number, profile?: ProfileRequest) {
    this.number = number
    this.isProfiled = profile !== undefined
    if (profile) this.#roleFile = writeRole(native, { profile })
    this.profiled = new Promise((resolve) => {
      this.#resolveProfiled = resolve
    })
    this.#meter = new HorseMeter(native)
    const [ours, theirs] = native.socketPair('stream')
    this.#horseEnd = theirs
    this.#stdout = new OutputFile(native, 'workhorse-stdout')
    this.#stderr = new OutputFile(native, 'workhorse-stderr')
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
    const plain = [this.#horseEnd as number, this.#stdout.descriptor, this.#stderr.descriptor]
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

  /** Give the horse its job. It may not even be born yet: the message waits in the channel. */
  assign(job: ClaimedJob, observer: ExecutionObserver): Promise<ExecutionEnd> {
    this.#job = job
    this.#observer = observer
    if (this.pid !== undefined) this.#meter.begin(this.pid)
    this.#assignedAt = performance.now()
    this.#line.send(runCommand(job, this.born), job.args)
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#trySettle()
    })
  }

  abort(reason: string): void {
    this.#line.send({ type: 'abort', reason })
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
      outputBytes: this.#outputBytes,
    }
  }

  /** Child processes, those in groups and sessions of their own included, which a kill of the group does not reach. */
  descendants(): number[] {
    return this.pid === undefined || this.#death !== undefined ? [] : descendants(this.pid)
  }

  /** Ask for what it has measured so far; `profiled` has it then. */
  handOver(): void {
    this.#line.send({ type: 'hand-over' })
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
    if (observer === undefined || this.#outputClosed) return
    if (this.#death === undefined) this.#meter.sampleMemory()
    const stdout = this.#stdout.read()
    const stderr = this.#stderr.read()
    this.#pass(observer, 'stdout', stdout)
    this.#pass(observer, 'stderr', stderr)
  }

  /** What is beyond the limit is dropped: it may be there before anybody notices. */
  #pass(observer: ExecutionObserver, stream: 'stdout' | 'stderr', text: string): void {
    if (text === '') return
    const left = (this.#job?.limits?.outputBytes ?? Number.POSITIVE_INFINITY) - this.#outputBytes
    const bytes = Buffer.byteLength(text)
    this.#outputBytes += bytes
    if (left > 0) observer.output(stream, bytes <= left ? text : Buffer.from(text).toString('utf8', 0, left))
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
    this.#closeOutput()
  }

  #receive(frame: Frame<HorseReport>): void {
    const { header, body } = frame
    switch (header.type) {
      case 'began':
        this.#meter.noteStart(header.memory)
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
    this.#closeOutput()
  }

  #judge(death: HorseDeath): ExecutionEnd {
    const wallMs = performance.now() - this.#assignedAt
    const billed = death.status ? { bill: this.#bill(death.status, wallMs) } : {}
    if (this.#lastWord) return Object.assign(billed, this.#lastWord)
    if (this.#killed) return { type: 'killed', givenUp: false, ...billed }
    return { type: 'failed', failure: explainDeath(death, this.pid, wallMs, this.#stderr.tail), ...billed }
  }

  #bill(status: WaitResult, wallMs: number): Bill {
    const memory = this.#meter.bill(status.maxRssBytes)
    return {
      wallMs,
      ...(this.forkMs === undefined ? {} : { forkMs: this.forkMs }),
      usage: usageOf(status),
      ...(memory === undefined ? {} : { memory }),
      ...(status.exitCode === null ? {} : { exitCode: status.exitCode }),
      ...(status.signal === null ? {} : { signal: signalName(status.signal) }),
    }
  }

  #closeOutput(): void {
    if (this.#outputClosed) return
    this.#outputClosed = true
    this.#stdout.close()
    this.#stderr.close()
  }
}

function runCommand({ id, name, queue, attempt, meta, limits }: ClaimedJob, born: boolean): HorseCommand {
  const { cpuMs, openFiles } = limits ?? {}
  const kept = defined({ cpuMs, openFiles })
  return {
    type: 'run',
    job: { id, name, queue, attempt, ...(meta === undefined ? {} : { meta }) },
    title: `workhorse: horse ${queue} ${name} ${id} since ${timeOfDay()}`,
    ...(born ? {} : { unborn: true }),
    ...(Object.keys(kept).length === 0 ? {} : { limits: kept }),
  }
}

function usageOf(status: WaitResult): ProcessUsage {
  const { exitCode: _exitCode, signal: _signal, ...usage } = status
  return usage
}
