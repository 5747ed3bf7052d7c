import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { JobFailure } from '../../../job/failure.ts'
import type { ClaimedJob, ProcessUsage } from '../../../job/record.ts'
import { answerCall } from '../answer-call.ts'
import type { ExecutionEnd, ExecutionObserver } from '../isolation.ts'
import type { ProfileRequest } from '../profiling.ts'
import { encodeFrame, type Frame, FrameReader } from './frames.ts'
import { explainDeath, type HorseDeath } from './horse-death.ts'
import type { HorseCommand, HorseReport } from './messages.ts'
import type { Native, WaitResult } from './native.ts'
import { OutputFile } from './output-file.ts'

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
  readonly #socket: Socket
  readonly #reader = new FrameReader<HorseReport>()
  /** The horse's end of the channel, until it is born with a copy of it. */
  #horseEnd: number | undefined

  /** A zygote was asked for it. */
  ordered = false
  pid: number | undefined
  forkMs: number | undefined
  /** How it is to be measured; undefined for nearly all. */
  readonly profile: ProfileRequest | undefined
  /** What it has measured, as JSON text of a RawProfile; undefined where it has died without handing over. */
  readonly profiled: Promise<Buffer | undefined>
  #resolveProfiled!: (raw: Buffer | undefined) => void

  #observer: ExecutionObserver | undefined
  #assignedAt = 0
  readonly #onBirth: ((pid: number) => void)[] = []
  #lastWord: LastWord | undefined
  #death: HorseDeath | undefined
  #channelClosed = false
  #killed = false
  #outputClosed = false
  #settle: ((end: ExecutionEnd) => void) | undefined

  constructor(native: Native, number: number, profile?: ProfileRequest) {
    this.number = number
    this.profile = profile
    this.profiled = new Promise((resolve) => {
      this.#resolveProfiled = resolve
    })
    const [ours, theirs] = native.socketPair('stream')
    this.#horseEnd = theirs
    this.#stdout = new OutputFile(native, 'workhorse-stdout')
    this.#stderr = new OutputFile(native, 'workhorse-stderr')
    // Half open, or Node would answer the end of a dead horse's stream with a shutdown(2) that nobody reads.
    this.#socket = new Socket({ fd: ours, readable: true, writable: true, allowHalfOpen: true })
    this.#socket.on('end', () => this.#socket.destroy())
    this.#socket.on('data', (chunk: Buffer) => {
      for (const frame of this.#reader.push(chunk)) this.#receive(frame)
    })
    // EPIPE or ECONNRESET of a dying horse; `close` follows and the death notice says what happened.
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#channelClosed = true
      this.#resolveProfiled(undefined)
      this.#trySettle()
    })
  }

  /** Descriptors for the horse: channel, stdout, stderr. */
  get descriptors(): number[] {
    return [this.#horseEnd as number, this.#stdout.descriptor, this.#stderr.descriptor]
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
    for (const resolve of this.#onBirth.splice(0)) resolve(pid)
  }

  #closeHorseEnd(): void {
    if (this.#horseEnd !== undefined) closeSync(this.#horseEnd)
    this.#horseEnd = undefined
  }

  /** Give the horse its job. It may not even be born yet: the message waits in the channel. */
  assign(job: ClaimedJob, observer: ExecutionObserver): Promise<ExecutionEnd> {
    this.#observer = observer
    this.#assignedAt = performance.now()
    const { id, name, queue, attempt, meta } = job
    this.#send({ type: 'run', job: { id, name, queue, attempt, ...(meta === undefined ? {} : { meta }) } }, job.args)
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#trySettle()
    })
  }

  abort(reason: string): void {
    this.#send({ type: 'abort', reason })
  }

  /** Ask for what it has measured so far; `profiled` has it then. */
  handOver(): void {
    this.#send({ type: 'hand-over' })
  }

  /** Our own kill is on its way. */
  markKilled(): void {
    this.#killed = true
  }

  /** Pass on what the job has printed so far. */
  drainOutput(): void {
    const observer = this.#observer
    if (observer === undefined || this.#outputClosed) return
    const stdout = this.#stdout.read()
    const stderr = this.#stderr.read()
    if (stdout !== '') observer.output('stdout', stdout)
    if (stderr !== '') observer.output('stderr', stderr)
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
    this.#socket.destroy()
    this.#closeOutput()
  }

  #send(command: HorseCommand, body?: string): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeFrame(command, body))
  }

  #receive(frame: Frame<HorseReport>): void {
    const { header, body } = frame
    switch (header.type) {
      case 'finished':
        this.#lastWord = { type: 'finished', result: body.toString() }
        break
      case 'failed':
        this.#lastWord = { type: 'failed', failure: JSON.parse(body.toString()) as JobFailure }
        break
      case 'log':
        this.#observer?.log(header.message)
        break
      case 'update':
        this.#observer?.update(header)
        break
      case 'profile':
        this.#resolveProfiled(body)
        break
      case 'call':
        void this.#answer(header.call, header.method, body.toString())
    }
  }

  async #answer(call: number, method: Parameters<typeof answerCall>[1], args: string): Promise<void> {
    if (this.#observer === undefined) return
    const { ok, body } = await answerCall(this.#observer.gateway, method, args)
    this.#send({ type: 'reply', call, ok }, body)
  }

  #trySettle(): void {
    if (this.#death === undefined || !this.#channelClosed || this.#settle === undefined) return
    this.drainOutput()
    this.#settle(this.#judge(this.#death))
    this.#settle = undefined
    this.#closeOutput()
  }

  #judge(death: HorseDeath): ExecutionEnd {
    const wallMs = performance.now() - this.#assignedAt
    const { status } = death
    const bill = status && {
      wallMs,
      ...(this.forkMs === undefined ? {} : { forkMs: this.forkMs }),
      usage: usageOf(status),
    }
    const billed = bill ? { bill } : {}
    if (this.#lastWord) return { ...this.#lastWord, ...billed }
    if (this.#killed) return { type: 'killed', givenUp: false, ...billed }
    return { type: 'failed', failure: explainDeath(death, this.pid, wallMs, this.#stderr.tail), ...billed }
  }

  #closeOutput(): void {
    if (this.#outputClosed) return
    this.#outputClosed = true
    this.#stdout.close()
    this.#stderr.close()
  }
}

function usageOf(status: WaitResult): ProcessUsage {
  const { exitCode: _exitCode, signal: _signal, ...usage } = status
  return usage
}
