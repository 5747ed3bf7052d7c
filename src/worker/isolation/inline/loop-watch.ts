const LEAST_INTERVAL_MS = 50

/** Notices when the event loop has stood still for longer than it may, while something runs. */
export class LoopWatch {
  readonly #mostMs: number
  readonly #onBlocked: (ms: number) => void
  #timer: NodeJS.Timeout | undefined
  #lastTurn = 0

  constructor(mostMs: number, onBlocked: (ms: number) => void) {
    this.#mostMs = mostMs
    this.#onBlocked = onBlocked
  }

  /** Something runs. */
  begin(): void {
    if (this.#timer !== undefined) return
    this.#lastTurn = performance.now()
    this.#timer = setInterval(() => this.look(), Math.max(LEAST_INTERVAL_MS, this.#mostMs / 4))
    this.#timer.unref()
  }

  /** Also when a job ends: one that blocks the loop from its first to its last instruction is over at the next turn. */
  look(): void {
    const now = performance.now()
    const stillMs = now - this.#lastTurn
    this.#lastTurn = now
    if (stillMs > this.#mostMs) this.#onBlocked(stillMs)
  }

  /** Nothing runs any more. */
  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
