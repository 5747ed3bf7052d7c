import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { encodeFrame, type Frame, FrameReader } from './frames.ts'
import type { Native } from './native.ts'

export interface FrameLineEvents<Report> {
  report(frame: Frame<Report>): void
  /** All that the other end has said is heard, or nobody listens any more. */
  closed(): void
}

/**
 * The supervisor's end of the channel of a horse, or of a pool child that was forked. A horse says a word or two and is
 * gone, and a Socket for that costs more than all else that the supervisor does for its job; so there is one only where
 * a command finds the channel full.
 */
export class FrameLine<Command extends object, Report> {
  readonly #native: Native
  readonly #descriptor: number
  readonly #events: FrameLineEvents<Report>
  readonly #reader = new FrameReader<Report>()
  #socket: Socket | undefined
  #closed = false

  constructor(native: Native, descriptor: number, events: FrameLineEvents<Report>) {
    this.#native = native
    this.#descriptor = descriptor
    this.#events = events
    native.watchReadable(descriptor, (chunk) => {
      if (chunk === null) this.close()
      else this.#read(chunk)
    })
  }

  send(command: Command, body?: string): void {
    if (this.#closed) return
    if (this.#socket) this.#socket.write(encodeFrame(command, body))
    else this.#sendAtOnce(command, body)
  }

  #sendAtOnce(command: Command, body = ''): void {
    try {
      const rest = this.#native.trySendFrame(this.#descriptor, JSON.stringify(command), body)
      if (rest !== null) this.#openSocket().write(rest)
    } catch (error) {
      const { code } = error as { code?: string }
      // It is dying: the end of its stream follows, and the notice of its death says what happened.
      if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error
    }
  }

  /** From now on everything goes through it, in both directions. */
  #openSocket(): Socket {
    this.#native.unwatch(this.#descriptor)
    // Half open, or Node would answer the end of a dead process's stream with a shutdown(2) that nobody reads.
    const socket = new Socket({ fd: this.#descriptor, readable: true, writable: true, allowHalfOpen: true })
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => socket.destroy())
    // EPIPE or ECONNRESET, as above; `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#events.closed()
    })
    this.#socket = socket
    return socket
  }

  close(): void {
    if (this.#closed) return
    if (this.#socket) return void this.#socket.destroy()
    this.#closed = true
    this.#native.unwatch(this.#descriptor)
    closeSync(this.#descriptor)
    this.#events.closed()
  }

  #read(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) this.#events.report(frame)
  }
}
