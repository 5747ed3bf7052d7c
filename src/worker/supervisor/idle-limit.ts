import { LongTimeout } from '../../support/long-timeout.ts'

/** Calls back when there was nothing to do for so long. */
export class IdleLimit {
  readonly #limitMs: number | undefined
  readonly #onLimit: () => void
  #timer: LongTimeout | undefined

  /** @param limitMs undefined for never */
  constructor(limitMs: number | undefined, onLimit: () => void) {
    this.#limitMs = limitMs
    this.#onLimit = onLimit
  }

  /** There is nothing to do. Counts from the first such call since the last `clear`. */
  arm(): void {
    if (this.#limitMs !== undefined) this.#timer ??= new LongTimeout(this.#limitMs, this.#onLimit)
  }

  clear(): void {
    this.#timer?.clear()
    this.#timer = undefined
  }
}
