import { setImmediate as nextTurn } from 'node:timers/promises'
import { BrokerUnavailableError } from '../../errors.ts'
import { isBusy } from './sqlite-error.ts'

/** So long does a transaction wait for other processes before its caller is told. */
const PATIENCE_MS = 30_000

/** Tries in one go before the event loop gets its turn: most transactions elsewhere are over within these. */
const QUICK_TRIES = 2
const LONGEST_PAUSE_MS = 4
/** So long may a line be served without the rest of the process getting its turn. */
const SLICE_MS = 10
/** The most that one round of waiting counts for: a machine that slept, or a blocked event loop, has not been trying. */
const LONGEST_ROUND_MS = 100

interface Turn {
  readonly what: string
  /** What the queue had waited when the turn was asked for. */
  readonly since: number
  readonly attempt: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets transactions happen in the order asked for. SQLite answers "busy" while another process writes, and its own
 * waiting blocks the thread; so a busy transaction goes into a line here, and one timer tries its head again and again.
 */
export class TurnQueue {
  readonly #file: string
  readonly #patienceMs: number
  readonly #line: Turn[] = []
  /** Time spent trying, in milliseconds. */
  #waited = 0
  #serving = false

  constructor(file: string, patienceMs = PATIENCE_MS) {
    this.#file = file
    this.#patienceMs = patienceMs
  }

  /** Runs `attempt` now, or, where it throws "busy", again until it does not. Other errors reject. */
  async take<T>(what: string, attempt: () => T): Promise<T> {
    if (this.#line.length === 0) {
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error)) throw error
      }
    }
    return new Promise<T>((resolve, reject) => {
      this.#line.push({ what, since: this.#waited, attempt, resolve, reject })
      if (!this.#serving) void this.#serve()
    })
  }

  /** Rejects everything that waits. */
  close(reason: () => Error): void {
    for (const turn of this.#line.splice(0)) turn.reject(reason())
  }

  async #serve(): Promise<void> {
    this.#serving = true
    let tries = 0
    let sliceEnd = performance.now() + SLICE_MS
    for (let turn = this.#line[0]; turn !== undefined; turn = this.#line[0]) {
      if (this.#serveOne(turn)) {
        tries = 0
        this.#line.shift()
        if (performance.now() < sliceEnd) continue
        await nextTurn()
      } else {
        tries++
        if (tries % QUICK_TRIES !== 0) continue
        this.#giveUpOnTheImpatient()
        const begin = performance.now()
        await pause(tries / QUICK_TRIES)
        this.#waited += Math.min(performance.now() - begin, LONGEST_ROUND_MS)
      }
      sliceEnd = performance.now() + SLICE_MS
    }
    this.#serving = false
  }

  /** False where the turn must be tried again. */
  #serveOne(turn: Turn): boolean {
    try {
      turn.resolve(turn.attempt() as never)
    } catch (error) {
      if (isBusy(error)) return false
      turn.reject(error)
    }
    return true
  }

  #giveUpOnTheImpatient(): void {
    for (let turn = this.#line[0]; turn !== undefined; turn = this.#line[0]) {
      if (this.#waited - turn.since < this.#patienceMs) return
      this.#line.shift()
      turn.reject(
        new BrokerUnavailableError(
          `${turn.what}: ${this.#file} stayed locked by another process for ${this.#patienceMs / 1000} s; ` +
            'see whether one is stopped, or holds a transaction open (a database browser does)',
        ),
      )
    }
  }
}

/** A growing pause with jitter, so that processes that lost together do not come back together. */
function pause(round: number): Promise<void> {
  const longest = Math.min(round, LONGEST_PAUSE_MS)
  return new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random())))
}
