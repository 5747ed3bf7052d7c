import type { Broker } from '../../broker/broker.ts'

export interface WorkWatchHooks {
  /** Runs before each wait: it finds out when the next scheduled job becomes due. */
  maintain(): Promise<void>
  /** There may be something to claim. */
  found(): void
  /** The broker could not be asked; the watch tries again when this resolves. */
  failed(error: unknown): Promise<void>
}

/** Whether claiming is worth a try: no more where the queues gave less than was asked for, until the broker rings. */
export class WorkWatch {
  readonly #broker: Broker
  readonly #queues: readonly string[]
  readonly #hooks: WorkWatchHooks
  readonly #stopping = new AbortController()
  #mayExist = true
  #finds = 0
  #watching = false

  constructor(broker: Broker, queues: readonly string[], hooks: WorkWatchHooks) {
    this.#broker = broker
    this.#queues = queues
    this.#hooks = hooks
  }

  get mayExist(): boolean {
    return this.#mayExist
  }

  /** How often something was found so far. */
  get finds(): number {
    return this.#finds
  }

  /** Something came that may be claimable. */
  found(): void {
    this.#mayExist = true
    this.#finds++
    this.#hooks.found()
  }

  /**
   * The queues gave less than we could take, asked when there had been so many finds: what was found since may have come too
   * late for the answer. Without `wait` nobody is told when that changes.
   */
  ranDry(wait: boolean, finds: number): void {
    if (finds !== this.#finds) return
    this.#mayExist = false
    if (wait && !this.#watching && !this.#stopping.signal.aborted) void this.#watch()
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #watch(): Promise<void> {
    this.#watching = true
    const { signal } = this.#stopping
    try {
      await this.#hooks.maintain()
      await this.#broker.workWait({ queues: this.#queues, signal })
    } catch (error) {
      if (!signal.aborted) await this.#hooks.failed(error)
    } finally {
      this.#watching = false
    }
    this.found()
  }
}
