import { closeSync, readSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { JobReporter } from '../../../job/context.ts'
import type { JobGateway } from '../../../job/gateway.ts'
import { GatewayCalls } from '../gateway-calls.ts'
import { encodeFrame, type Frame, FrameReader, readFrame } from './frames.ts'
import type { HorseSystem } from './horse-system.ts'
import type { HorseCommand, HorseReport } from './messages.ts'

/**
 * The horse's end of its channel. Writes are synchronous, so that nothing said is lost when the process ends a moment
 * later. Reading is synchronous too until the event loop is really needed: a short job never pays for a socket object.
 */
export class HorseChannel implements JobReporter {
  readonly #system: Pick<HorseSystem, 'setBlocking'>
  readonly #descriptor: number
  readonly #calls = new GatewayCalls((call, method, args) => this.send({ type: 'call', call, method }, args))
  #socket: Socket | undefined
  /** In the midst of a frame: nothing else may be written now. */
  sending = false
  #onCommand: ((frame: Frame<HorseCommand>) => void) | undefined

  constructor(system: Pick<HorseSystem, 'setBlocking'>, descriptor: number) {
    this.#system = system
    this.#descriptor = descriptor
  }

  /** Blocks until the next command is there; undefined when the supervisor has closed the channel. */
  receive(): Frame<HorseCommand> | undefined {
    return readFrame<HorseCommand>((into, offset) => readSync(this.#descriptor, into, { offset }))
  }

  /** From now on commands arrive through the event loop, which the channel keeps alive. */
  attach(onCommand: (frame: Frame<HorseCommand>) => void, onEnd: () => void): void {
    if (this.#socket) return
    this.#onCommand = onCommand
    const reader = new FrameReader<HorseCommand>()
    this.#socket = new Socket({ fd: this.#descriptor, readable: true, writable: false })
    this.#socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.#receive(frame)
    })
    this.#socket.on('close', onEnd)
    // An error is followed by `close`, which ends the horse.
    this.#socket.on('error', () => {})
  }

  send(report: HorseReport, body?: string): void {
    // A socket object makes its descriptor non-blocking, and a large frame would not be written whole.
    if (this.#socket) this.#system.setBlocking(this.#descriptor, true)
    const frame = encodeFrame(report, body)
    let written = 0
    this.sending = true
    while (written < frame.length) written += writeSync(this.#descriptor, frame, written)
    this.sending = false
    if (this.#socket) this.#system.setBlocking(this.#descriptor, false)
  }

  update(change: { readonly meta?: string; readonly progress?: number }): void {
    this.send({ type: 'update', ...change })
  }

  log(message: string): void {
    this.send({ type: 'log', message })
  }

  /** Only a rehearsal ever does this; a horse leaves it to the kernel. */
  async close(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return closeSync(this.#descriptor)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.destroy()
    await closed
  }

  /** What job code reaches its broker by: the supervisor does it, for the horse holds no broker credentials. */
  get gateway(): JobGateway {
    return this.#calls.gateway
  }

  #receive(frame: Frame<HorseCommand>): void {
    const { header, body } = frame
    if (header.type === 'reply') this.#calls.answer(header.call, header.ok, body.toString())
    else this.#onCommand?.(frame)
  }
}
