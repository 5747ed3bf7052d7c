/** The longest delay that setTimeout knows; beyond it, it fires at once. */
const LONGEST_MS = 2 ** 31 - 1

/** A timer for any delay, also of more than 24.8 days. */
export class LongTimeout {
  #timer: NodeJS.Timeout | undefined

  constructor(delayMs: number, action: () => void) {
    this.#arm(delayMs, action)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }

  #arm(delayMs: number, action: () => void): void {
    const next = delayMs > LONGEST_MS ? () => this.#arm(delayMs - LONGEST_MS, action) : action
    this.#timer = setTimeout(next, Math.min(delayMs, LONGEST_MS))
  }
}
