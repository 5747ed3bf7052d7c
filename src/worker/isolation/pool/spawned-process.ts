import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { PoolStartError } from '../../../errors.ts'
import type { JobFailure } from '../../../job/failure.ts'
import { encodeFrame, type Frame, FrameReader } from '../fork/frames.ts'
import { describeDeath } from '../fork/horse-death.ts'
import { type PoolRole, PROTOCOL } from '../fork/messages.ts'
import { OomKills } from '../fork/oom-kills.ts'
import { OutputFile } from '../fork/output-file.ts'
import { LastWord } from './last-word.ts'
import type { PoolCommand, PoolReport, SpawnOrder } from './messages.ts'
import type { Nursery, PoolProcess, PoolProcessEvents } from './pool-process.ts'
import { PORTABLE_FILES } from './portable-files.ts'

export interface SpawnLaunch {
  /** Absolute paths of the job modules. */
  readonly modules: readonly string[]
  readonly role: PoolRole
  readonly nodeFlags: readonly string[]
  /** How long a child may take to become ready, where it is to show that the jobs can be loaded. */
  readonly startMs: number
  /** Environment variables that a job must not see, such as the broker's URL. */
  readonly hiddenEnv: readonly string[]
}

/** Beside this module, compiled or not. */
const ENTRY = fileURLToPath(
  new URL(`./spawned-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)

/**
 * Pool children where fork does not work: each a Node process of its own that loads the application itself. Nothing here
 * needs the native addon, or Linux.
 */
export class SpawnNursery implements Nursery {
  readonly canTakeBack = false
  readonly #launch: SpawnLaunch
  readonly #oomKills = new OomKills()

  constructor(launch: SpawnLaunch) {
    this.#launch = launch
  }

  async start(): Promise<void> {}

  /** Each child loads for itself. */
  /** Every child loads the jobs by itself. One tries whether that works, before those that there are leave for it. */
  recycle(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new PoolStartError(`no pool child can be started: ${reason}`))
      const { startMs } = this.#launch
      const timer = setTimeout(() => {
        fail(`it was not ready after ${startMs} ms`)
        probe.kill()
      }, startMs)
      const probe = this.launch({
        born: () => {},
        unborn: fail,
        died: (death) => {
          clearTimeout(timer)
          probe.stdout.close()
          probe.stderr.close()
          fail(describeDeath(death))
        },
        report: ({ header, body }) => {
          if (header.type === 'start-failed') {
            const { name, message } = JSON.parse(body.toString()) as JobFailure
            fail(`${header.stage} failed: ${name}: ${message}`)
          }
          if (header.type !== 'ready') return
          resolve()
          probe.send({ type: 'retire' })
        },
      })
    })
  }

  launch(events: PoolProcessEvents): SpawnedProcess {
    return new SpawnedProcess(this.#launch, this.#oomKills, events)
  }

  async close(): Promise<void> {}
}

export class SpawnedProcess implements PoolProcess {
  readonly inheritsMemory = false
  readonly stdout = new OutputFile(PORTABLE_FILES, 'workhorse-stdout')
  readonly stderr = new OutputFile(PORTABLE_FILES, 'workhorse-stderr')
  readonly #process: ChildProcess
  readonly #socket: Socket
  readonly #lastWord: LastWord

  constructor(launch: SpawnLaunch, oomKills: OomKills, events: PoolProcessEvents) {
    const { modules, role, nodeFlags, hiddenEnv } = launch
    const env = { ...process.env }
    for (const name of hiddenEnv) delete env[name]
    const order: SpawnOrder = { protocol: PROTOCOL, modules, role, supervisorPid: process.pid }
    // A session of its own: Ctrl-C at a terminal is for the supervisor, and a kill of the group is a kill of it all.
    this.#process = spawn(process.execPath, [...nodeFlags, ENTRY, JSON.stringify(order)], {
      stdio: ['ignore', this.stdout.descriptor, this.stderr.descriptor, 'pipe'],
      detached: true,
      env,
    })
    this.#lastWord = new LastWord((death) => events.died(death))
    this.#socket = this.#process.stdio[3] as Socket
    this.#listen((frame) => events.report(frame))
    this.#process.once('error', (error) => {
      this.dismiss()
      events.unborn(`it could not be started: ${error.message}`)
    })
    this.#process.once('exit', (exitCode, name) => {
      const signal = name === null ? null : constants.signals[name]
      const oomKillSeen = name === 'SIGKILL' && oomKills.anyNew()
      this.#lastWord.died({ status: { exitCode, signal }, oomKillSeen })
    })
    const { pid } = this.#process
    if (pid !== undefined) process.nextTick(() => events.born(pid))
  }

  #listen(report: (frame: Frame<PoolReport>) => void): void {
    const reader = new FrameReader<PoolReport>()
    this.#socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) report(frame)
    })
    this.#socket.on('end', () => this.#socket.destroy())
    // EPIPE or ECONNRESET of a dying child; `close` follows, and its death says what happened.
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#lastWord.heard())
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  send(command: PoolCommand, body?: string): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeFrame(command, body))
  }

  kill(): void {
    const { pid } = this
    // Once it is reaped its number may be somebody else's.
    if (pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return
    if (process.platform === 'win32') this.#process.kill('SIGKILL')
    else process.kill(-pid, 'SIGKILL')
  }

  dismiss(): void {
    this.#socket.destroy()
  }
}
