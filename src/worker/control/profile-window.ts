import type { ClaimedJob } from '../../job/record.ts'
import type { ExecutionProfiler, ProfileRequest } from '../isolation/profiling.ts'
import type { ControlReply, ProfileWindow } from './messages.ts'
import type { ProfilerDesk } from './profiler-desk.ts'

/** Sends a reply; false where the client is too slow to take more now. */
export type SendReply = (reply: ControlReply, body?: Buffer) => boolean

/** When the window is over, executions that are still at work get so long to end by themselves. */
const AFTERMATH_MS = 1000

/**
 * One profiling of a running worker. It marks executions to be measured, and passes on what they hand over, unread:
 * merging is the client's work, not the worker's.
 */
export class WindowProfiler implements ExecutionProfiler {
  readonly #desk: ProfilerDesk
  readonly #window: ProfileWindow
  readonly #send: SendReply
  #matching = 0
  #skipped = 0
  #outstanding = 0
  #clientIsSlow = false
  #onIdle: (() => void) | undefined
  #closed = false

  constructor(desk: ProfilerDesk, window: ProfileWindow, send: SendReply) {
    this.#desk = desk
    this.#window = window
    this.#send = send
  }

  get samplesMany(): boolean {
    return this.#window.request.kind === 'cpu'
  }

  request(job: ClaimedJob): ProfileRequest | undefined {
    const { job: name, queue, every, request } = this.#window
    if (name !== undefined && job.name !== name) return undefined
    if (queue !== undefined && job.queue !== queue) return undefined
    if (this.#matching++ % every !== 0 || this.#clientIsSlow) {
      this.#skipped++
      return undefined
    }
    this.#outstanding++
    return request
  }

  collected(job: ClaimedJob, raw: Buffer | undefined): void {
    if (this.#closed) return
    const { name, queue } = job
    this.#clientIsSlow = !this.#send({ type: 'execution', job: name, queue }, raw)
    if (--this.#outstanding === 0) this.#onIdle?.()
  }

  /** The client takes more again. */
  drained(): void {
    this.#clientIsSlow = false
  }

  /** Profiles until the time is over or `stopped` settles; then collects what is still on its way. */
  async run(stopped: Promise<void>, busyBefore: number): Promise<void> {
    const leave = this.#desk.add(this)
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#window.durationMs)
    })
    await Promise.race([over, stopped])
    clearTimeout(timer)
    leave()
    await this.#settle()
    this.#closed = true
    this.#send({ type: 'profiled', skipped: this.#skipped, busyBefore })
  }

  async #settle(): Promise<void> {
    if (this.#outstanding === 0) return
    let timer: NodeJS.Timeout | undefined
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, AFTERMATH_MS)
    })
    await Promise.race([idle, late])
    clearTimeout(timer)
    if (this.#outstanding === 0) return
    await this.#desk.handOver()
    // What could not be handed over is known to be lost when its process ends, which may be long after.
    while (this.#outstanding > 0) {
      this.#send({ type: 'execution', job: this.#window.job ?? '', queue: this.#window.queue ?? '' })
      this.#outstanding--
    }
  }
}
