export interface ContactEvents {
  failed(error: unknown): void
  back(): void
}

const RETRY_MS = [100, 250, 500, 1000, 2000, 5000]

/** Whether the broker answers: says so once when it stops and once when it is back, and spaces out the attempts. */
export class BrokerContact {
  readonly #events: ContactEvents
  #failures = 0

  constructor(events: ContactEvents) {
    this.#events = events
  }

  /** The last thing that was tried has failed. */
  get isLost(): boolean {
    return this.#failures > 0
  }

  /** Said once, not at every attempt. */
  failed(error: unknown): void {
    if (this.#failures++ === 0) this.#events.failed(error)
  }

  reached(): void {
    if (this.#failures > 0) this.#events.back()
    this.#failures = 0
  }

  async failedAndBackOff(error: unknown): Promise<void> {
    this.failed(error)
    const index = Math.min(this.#failures - 1, RETRY_MS.length - 1)
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.max(0, index)]))
  }
}
