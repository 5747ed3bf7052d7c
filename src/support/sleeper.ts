/** setTimeout takes no longer times. */
const LONGEST_MS = 2 ** 31 - 1

/** Sleeps that a wake-up ends, also one that came after `rearm` but before the sleep. */
export class Sleeper {
  #woken = false
  #end: (() => void) | undefined

  rearm(): void {
    this.#woken = false
  }

  wake(): void {
    this.#woken = true
    this.#end?.()
  }

  async sleep(ms: number): Promise<void> {
    if (this.#woken) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(LONGEST_MS, Math.max(1, Math.ceil(ms))))
      this.#end = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#end = undefined
  }
}
