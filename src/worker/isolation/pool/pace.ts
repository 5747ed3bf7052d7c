/** Jobs in a row that have to be short before any is given ahead. */
const PROBATION = 16
/** What is ahead in a child should be done in this time. */
const WORTH_MS = 5
/** What it costs, about, to wake a child and to hear of it: work that is done in less is not worth waking another for. */
const WAKE_MS = 0.2
/** How much the last job counts. */
const WEIGHT = 0.1

/** A job that takes so long is a long one. A child that is with one for that long gives back what it was given ahead. */
export const LONG_MS = 10

/**
 * How many jobs a child may be given ahead. While jobs are short, what they cost is mostly the waking up of a child that
 * sleeps and of a supervisor that waits for it; a child that has the next job already goes on without either. One long job, and
 * nothing is given ahead until jobs have been short again for a while.
 */
export class Pace {
  readonly #most: number
  #shortInARow = 0
  #averageMs = LONG_MS

  constructor(most: number) {
    this.#most = most
  }

  get depth(): number {
    if (this.#shortInARow < PROBATION) return 0
    return Math.min(this.#most, Math.floor(WORTH_MS / this.#averageMs))
  }

  /** How many jobs make it worth while to wake a child; 1 where nothing is given ahead. */
  get bundle(): number {
    return Math.max(1, Math.min(this.depth + 1, Math.floor(WAKE_MS / this.#averageMs)))
  }

  ended(wallMs: number): void {
    if (wallMs > LONG_MS) this.#shortInARow = 0
    else {
      this.#shortInARow++
      this.#averageMs += (wallMs - this.#averageMs) * WEIGHT
    }
  }
}
