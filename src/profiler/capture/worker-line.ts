import { createConnection, type Socket } from 'node:net'
import type { ControlReply, ControlRequest } from '../../worker/control/messages.ts'
import { encodeFrame, type Frame, FrameReader } from '../../worker/isolation/fork/frames.ts'

/** A connection to a worker's control socket. */
export class WorkerLine {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static open(path: string): Promise<WorkerLine> {
    return new Promise((resolve, reject) => {
      // Half open: hanging up our side ends the window, and what was measured still arrives.
      const socket = createConnection({ path, allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new WorkerLine(socket)))
    })
  }

  ask(message: ControlRequest): void {
    this.#socket.write(encodeFrame(message))
  }

  async *replies(): AsyncGenerator<Frame<ControlReply>> {
    const reader = new FrameReader<ControlReply>()
    for await (const chunk of this.#socket) yield* reader.push(chunk as Buffer)
  }

  /** We say nothing more, and listen on. */
  hangUp(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }
}
