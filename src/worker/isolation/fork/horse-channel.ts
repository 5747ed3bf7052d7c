import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { JobReporter } from '../../../job/context.ts'
import type { JobGateway } from '../../../job/gateway.ts'
import { GatewayCalls } from '../gateway-calls.ts'
import { FrameReader } from './frames.ts'
import type { HorseSystem } from './horse-system.ts'
import type { HorseCommand, HorseReport } from './messages.ts'

/** A frame from the supervisor. */
export interface Received {
  readonly header: HorseCommand
  readonly body: string
}

/**
 * The horse's end of its channel. Writes are synchronous, so that nothing said is lost when the process ends a moment
 * later. Reading is synchronous too until the event loop is really needed: a short job never pays for a socket object.
 */
export class HorseChannel implements JobReporter {
  readonly #system: Pick<HorseSystem, 'receiveFrame' | 'sendFrame'>
  readonly #descriptor: number
  #calls: GatewayCalls | undefined
  #socket: Socket | undefined
  #onCommand: ((command: Received) => void) | undefined

  constructor(system: Pick<HorseSystem, 'receiveFrame' | 'sendFrame'>, descriptor: number) {
    this.#system = system
    this.#descriptor = descriptor
  }

  /** Blocks until the next command is there; undefined when the supervisor has closed the channel. */
  receive(): Received | undefined {
    const frame = this.#system.receiveFrame(this.#descriptor)
    return frame === null ? undefined : { header: JSON.parse(frame[0]) as HorseCommand, body: frame[1] }
  }

  /** From now on commands arrive through the event loop, which the channel keeps alive. */
  attach(onCommand: (command: Received) => void, onEnd: () => void): void {
    if (this.#socket) return
    this.#onCommand = onCommand
    const reader = new FrameReader<HorseCommand>()
    this.#socket = new Socket({ fd: this.#descriptor, readable: true, writable: false })
    this.#socket.on('data', (chunk: Buffer) => {
      for (const { header, body } of reader.push(chunk)) this.#receive({ header, body: body.toString() })
    })
    this.#socket.on('close', onEnd)
    // An error is followed by `close`, which ends the horse.
    this.#socket.on('error', () => {})
  }

  send(report: HorseReport, body = ''): void {
    this.#system.sendFrame(this.#descriptor, JSON.stringify(report), body)
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
    this.#calls ??= new GatewayCalls((call, method, args) => this.send({ type: 'call', call, method }, args))
    return this.#calls.gateway
  }

  #receive(command: Received): void {
    const { header, body } = command
    if (header.type === 'reply') this.#calls?.answer(header.call, header.ok, body)
    else this.#onCommand?.(command)
  }
}
