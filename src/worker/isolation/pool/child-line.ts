import type { Socket } from 'node:net'
import { encodeFrame, type Frame, FrameReader } from '../fork/frames.ts'
import type { ExplainableDeath } from '../fork/horse-death.ts'
import type { PoolCommand, PoolReport } from './messages.ts'

export interface ChildLineEvents {
  report(frame: Frame<PoolReport>): void
  /** The process is dead *and* all that it had said is heard. */
  ended(death: ExplainableDeath): void
}

/** The supervisor's end of a pool child's channel. */
export class ChildLine {
  readonly #socket: Socket
  readonly #events: ChildLineEvents
  #death: ExplainableDeath | undefined
  #closed = false

  constructor(socket: Socket, events: ChildLineEvents) {
    this.#socket = socket
    this.#events = events
    const reader = new FrameReader<PoolReport>()
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) events.report(frame)
    })
    socket.on('end', () => socket.destroy())
    // EPIPE or ECONNRESET of a dying child; `close` follows, and its death says what happened.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#end()
    })
  }

  send(command: PoolCommand, body?: string): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeFrame(command, body))
  }

  /** The process is gone, and this is how. */
  died(death: ExplainableDeath): void {
    this.#death ??= death
    this.#end()
  }

  /** Hang up: a child that is still there leaves. */
  close(): void {
    this.#socket.destroy()
  }

  #end(): void {
    if (this.#closed && this.#death) this.#events.ended(this.#death)
  }
}
