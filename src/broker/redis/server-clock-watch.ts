/** A reply that was long under way looks like a small jump. */
const JUMP_MS = 3000
/** Within this time every worker that is alive has renewed its leases by the new time: three renewals at the default. */
const SETTLE_MS = 15_000

/**
 * Leases end by the server's time of day, for RQ's registries hold nothing else. Where that is set forward, all of them are
 * over at once, also those of workers that are well. So nobody's jobs are taken back until the living have renewed.
 */
export class ServerClockWatch {
  readonly #monotonic: () => number
  #aheadMs: number | undefined
  #settledAt = Number.NEGATIVE_INFINITY

  /** @param monotonic milliseconds that only ever pass */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic
  }

  /** The server has just told its time. */
  saw(serverNow: number): void {
    const now = this.#monotonic()
    const aheadMs = serverNow - now
    if (this.#aheadMs !== undefined && Math.abs(aheadMs - this.#aheadMs) > JUMP_MS) this.#settledAt = now + SETTLE_MS
    this.#aheadMs = aheadMs
  }

  /** Whether the end of a lease means that its worker is gone. */
  get isSettled(): boolean {
    return this.#monotonic() >= this.#settledAt
  }
}
