import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Logger } from '../../support/logger.ts'
import { encodeFrame, FrameReader } from '../isolation/fork/frames.ts'
import { controlFolder, controlPath, listControlSockets, prepareControlFolder } from './control-path.ts'
import type { ControlReply, ControlRequest, ProfileWindow, WorkerDescription } from './messages.ts'
import { WindowProfiler } from './profile-window.ts'
import type { ProfilerDesk } from './profiler-desk.ts'

let serial = 0

/**
 * Where `workhorse profile` reaches a running worker: a Unix socket that only the worker's user may open. It costs the
 * worker nothing while nobody connects.
 */
export class ControlServer {
  readonly #worker: WorkerDescription
  readonly #desk: ProfilerDesk
  readonly #runningJobs: () => number
  readonly #path: string
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #profilingFor: Socket | undefined

  constructor(worker: WorkerDescription, desk: ProfilerDesk, runningJobs: () => number) {
    this.#worker = worker
    this.#desk = desk
    this.#runningJobs = runningJobs
    this.#path = controlPath(controlFolder(), worker.pid, ++serial)
  }

  /** A worker that cannot be reached works all the same: the log says why it cannot. */
  async open(logger: Logger): Promise<void> {
    try {
      prepareControlFolder(controlFolder())
      listControlSockets(controlFolder())
      rmSync(this.#path, { force: true })
      await this.#listen()
      chmodSync(this.#path, 0o600)
    } catch (error) {
      const { message } = error as Error
      logger.warn({ event: 'control.unavailable' }, `this worker cannot be profiled from outside: ${message}`)
    }
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
    rmSync(this.#path, { force: true })
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
      server.once('error', reject)
      server.listen(this.#path, () => {
        this.#server = server
        // Not what keeps a worker from leaving.
        server.unref()
        resolve()
      })
    })
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    const reader = new FrameReader<ControlRequest>()
    socket.on('data', (chunk: Buffer) => {
      for (const { header } of reader.push(chunk)) this.#obey(socket, header)
    })
    // Followed by `close`: the client is gone, and nobody is there to be told.
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    // One that is profiled for gets what is there first.
    socket.on('end', () => this.#profilingFor !== socket && socket.end())
  }

  #obey(socket: Socket, request: ControlRequest): void {
    if (request.type === 'describe') send(socket, { type: 'worker', worker: this.#worker })
    else if (request.type === 'profile') void this.#profile(socket, request.window)
    else send(socket, { type: 'refused', message: 'this worker does not know what was asked of it' })
  }

  async #profile(socket: Socket, window: ProfileWindow): Promise<void> {
    const { refusal } = this.#desk
    if (refusal !== undefined) {
      const message = `${refusal}; run them with isolation fork, or pool with one job at a time in each child`
      return void send(socket, { type: 'refused', message })
    }
    if (this.#profilingFor) {
      return void send(socket, { type: 'refused', message: 'somebody else is profiling this worker; try again later' })
    }
    this.#profilingFor = socket
    const profiler = new WindowProfiler(this.#desk, window, (reply, body) => send(socket, reply, body))
    socket.on('drain', () => profiler.drained())
    const hungUp = new Promise<void>((resolve) => {
      socket.once('end', () => resolve())
      socket.once('close', () => resolve())
    })
    send(socket, { type: 'profiling' })
    try {
      await profiler.run(hungUp, this.#runningJobs())
    } finally {
      this.#profilingFor = undefined
    }
    socket.end()
  }
}

/** What a slow client may leave unread before executions are no longer measured for it. */
const BACKLOG_BYTES = 64 * 1024 * 1024

function send(socket: Socket, reply: ControlReply, body?: Buffer): boolean {
  if (socket.writable) socket.write(encodeFrame(reply, body))
  return socket.writableLength < BACKLOG_BYTES
}
