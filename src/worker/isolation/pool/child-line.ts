import type { Socket } from 'node:net'
import { encodeFrame } from '../fork/frames.ts'
import type { ExplainableDeath } from '../fork/horse-death.ts'
import type { PoolCommand } from './messages.ts'

/** The supervisor's end of a pool child's channel. */
export class ChildLine {
  readonly #socket: Socket
  readonly #onEnded: (death: ExplainableDeath) => void
  #death: ExplainableDeath | undefined
  #closed = false

  /** @param onEnded the process is dead *and* all that it had said is heard */
  constructor(socket: Socket, onEnded: (death: ExplainableDeath) => void) {
    this.#socket = socket
    this.#onEnded = onEnded
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
    if (this.#closed && this.#death) this.#onEnded(this.#death)
  }
}
