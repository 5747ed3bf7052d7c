import { writeSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { JobGateway } from '../../../job/gateway.ts'
import { encodeFrame, type Frame } from '../fork/frames.ts'
import { GatewayCalls } from '../gateway-calls.ts'
import { frameSocket } from './frame-socket.ts'
import type { PoolCommand, PoolReport } from './messages.ts'

const WAIT_MS = 1
const nothing = new Int32Array(new SharedArrayBuffer(4))

/**
 * A pool child's end of its channel. It reads through the event loop, which has to turn between jobs for what they
 * have left there (idle connections, above all). It writes synchronously, so that nothing said is lost when the process
 * ends a moment later.
 */
export class ChildChannel {
  readonly #descriptor: number
  readonly #socket: Socket
  /** In the midst of a frame. */
  sending = false
  readonly #calls = new GatewayCalls((call, method, args) => this.send({ type: 'call', call, method }, args))

  constructor(descriptor: number, onCommand: (frame: Frame<PoolCommand>) => void, onEnd: () => void) {
    this.#descriptor = descriptor
    this.#socket = frameSocket<PoolCommand>(descriptor, { readable: true, writable: false }, (frame) => {
      const { header, body } = frame
      if (header.type === 'reply') this.#calls.answer(header.call, header.ok, body.toString())
      else onCommand(frame)
    })
    this.#socket.on('close', onEnd)
    // Followed by `close`.
    this.#socket.on('error', () => {})
  }

  /** What job code reaches its broker by: the supervisor does it, for a child holds no broker credentials. */
  get gateway(): JobGateway {
    return this.#calls.gateway
  }

  /** Whether waiting for commands keeps the event loop alive. */
  hold(keeps: boolean): void {
    if (keeps) this.#socket.ref()
    else this.#socket.unref()
  }

  send(report: PoolReport, body?: string): void {
    const frame = encodeFrame(report, body)
    this.sending = true
    try {
      this.#write(frame)
    } finally {
      this.sending = false
    }
  }

  #write(frame: Buffer): void {
    let written = 0
    while (written < frame.length) {
      try {
        written += writeSync(this.#descriptor, frame, written)
      } catch (error) {
        const { code } = error as { code?: string }
        // The supervisor is gone: the channel's end, which ends this process, is about to be seen.
        if (code === 'EPIPE' || code === 'ECONNRESET') return
        if (code !== 'EAGAIN') throw error
        // The socket belongs to the event loop and does not block. This much unread is rare, and somebody reads.
        Atomics.wait(nothing, 0, 0, WAIT_MS)
      }
    }
  }
}
