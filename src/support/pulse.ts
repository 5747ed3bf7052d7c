/** Wakes one waiter, now or at its next wait: rings are never lost and never pile up. */
export class Pulse {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves at the first ring since the last `next` resolved. */
  async next(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    this.#rung = false
  }
}
