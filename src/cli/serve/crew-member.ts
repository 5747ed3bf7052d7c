import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LeaveReason } from '../../worker/supervisor/worker-events.ts'
import type { CrewMessage } from './messages.ts'

export interface CrewEvents {
  ready(member: CrewMember): void
  ended(member: CrewMember, ended: Extract<CrewMessage, { type: 'ended' }>): void
  exited(member: CrewMember, exit: CrewExit): void
}

/** How a worker process ended. */
export interface CrewExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const MAIN = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

/** The master's view of one of its workers: a place in the crew, and the process that holds it now. */
export class CrewMember {
  readonly number: number
  readonly #args: readonly string[]
  readonly #events: CrewEvents
  #process: ChildProcess | undefined
  #startedAt = 0
  /** How often in a row its process died soon after its start. */
  #earlyDeaths = 0
  #leaveReason: LeaveReason | undefined

  constructor(number: number, args: readonly string[], events: CrewEvents) {
    this.number = number
    this.#args = args
    this.#events = events
  }

  /** Why its process has left by itself; undefined where it did not. */
  get leaveReason(): LeaveReason | undefined {
    return this.#leaveReason
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  start(): void {
    // A session of its own: Ctrl-C at a terminal is for the master, which passes it on once. The channel tells the
    // worker when the master is gone, whatever ended it.
    const child = fork(MAIN, [...this.#args], { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#process = child
    this.#startedAt = Date.now()
    this.#leaveReason = undefined
    child.on('message', (message: CrewMessage) => {
      if (message.type === 'ready') this.#events.ready(this)
      else {
        this.#leaveReason = message.leaveReason
        this.#events.ended(this, message)
      }
    })
    child.once('error', () => this.#gone(child, { code: null, signal: null }))
    // Its last message may still be on the way when it is dead already; the channel's end comes after it.
    const heardOut = new Promise<void>((resolve) => child.once('disconnect', resolve))
    child.once('exit', (code, signal) => void heardOut.then(() => this.#gone(child, { code, signal })))
  }

  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** How long to wait before its next start: longer with each early death, so that a broken worker is no busy loop. */
  nextDelayMs(): number {
    const delays = [0, 500, 1000, 2000, 5000, 10_000, 30_000]
    return delays[Math.min(this.#earlyDeaths, delays.length - 1)] as number
  }

  #gone(child: ChildProcess, exit: CrewExit): void {
    if (this.#process !== child) return
    this.#process = undefined
    const isEarly = Date.now() - this.#startedAt < SETTLED_MS && this.#leaveReason === undefined
    this.#earlyDeaths = isEarly ? this.#earlyDeaths + 1 : 0
    this.#events.exited(this, exit)
  }
}

const SETTLED_MS = 30_000

/** In words: `left with exit code 3`, `was ended by SIGKILL`. */
export function describeExit({ code, signal }: CrewExit): string {
  if (signal !== null) return `was ended by ${signal}`
  return code === null ? 'could not be started' : `left with exit code ${code}`
}
