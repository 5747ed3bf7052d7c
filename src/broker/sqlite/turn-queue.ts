import { BrokerUnavailableError } from '../../errors.ts'
import { isBusy } from './sqlite-error.ts'

/** So long does a transaction wait for other processes before its caller is told. */
const PATIENCE_MS = 30_000

/** Tries in one go before the event loop gets its turn: most transactions elsewhere are over within these. */
const QUICK_TRIES = 2
const LONGEST_PAUSE_MS = 4

interface Turn {
  readonly what: string
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
  readonly #line: Turn[] = []
  #closed = false

  constructor(file: string) {
    this.#file = file
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
      this.#line.push({ what, since: performance.now(), attempt, resolve, reject })
      if (this.#line.length === 1) void this.#serve()
    })
  }

  /** Rejects everything that waits. */
  close(reason: () => Error): void {
    this.#closed = true
    for (const turn of this.#line.splice(0)) turn.reject(reason())
  }

  async #serve(): Promise<void> {
    let tries = 0
    for (let turn = this.#line[0]; turn !== undefined; turn = this.#line[0]) {
      const served = this.#serveOne(turn)
      if (this.#closed) return
      if (served) {
        tries = 0
        this.#line.shift()
        continue
      }
      tries++
      if (tries % QUICK_TRIES !== 0) continue
      this.#giveUpOnTheImpatient()
      await pause(tries / QUICK_TRIES)
    }
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
    const now = performance.now()
    for (let turn = this.#line[0]; turn !== undefined && now - turn.since > PATIENCE_MS; turn = this.#line[0]) {
      this.#line.shift()
      turn.reject(
        new BrokerUnavailableError(
          `${turn.what}: ${this.#file} stayed locked by another process for ${PATIENCE_MS / 1000} s; ` +
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
