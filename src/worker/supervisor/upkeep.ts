import type { Broker, Maintenance } from '../../broker/broker.ts'
import { DuplicateJobError } from '../../errors.ts'
import type { NewJob } from '../../job/record.ts'
import { poisonCallback } from './aftermath.ts'

export interface UpkeepHooks {
  /** Something may have become claimable. */
  workMayExist(): void
  maintained(report: Maintenance): void
  /** The broker could not be reached; the next turn tries again. */
  failed(error: unknown): void
  /** Renew leases and tell that we are alive. */
  beat(): Promise<void>
}

export interface UpkeepTimes {
  /** Between lease renewals. */
  readonly renewMs: number
  /** Between two looks for expired leases and expired jobs. */
  readonly maintainMs: number
}

/**
 * The clockwork of a supervisor: renews leases, and does the broker's housekeeping often enough for all workers,
 * and exactly when the next scheduled job becomes due.
 */
export class Upkeep {
  readonly #broker: Broker
  readonly #times: UpkeepTimes
  readonly #maxAbandonments: number
  readonly #hooks: UpkeepHooks
  #beatTimer: NodeJS.Timeout | undefined
  #maintainTimer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined
  #maintaining: Promise<void> | undefined
  /** Failure callbacks of jobs that were reported as poison, and could not be stored yet. */
  readonly #owed: NewJob[] = []
  #stopped = false

  constructor(broker: Broker, times: UpkeepTimes, maxAbandonments: number, hooks: UpkeepHooks) {
    this.#broker = broker
    this.#times = times
    this.#maxAbandonments = maxAbandonments
    this.#hooks = hooks
  }

  async start(): Promise<void> {
    this.#scheduleBeat()
    await this.maintain()
  }

  /** Do the housekeeping now. Concurrent calls share one run. */
  maintain(): Promise<void> {
    this.#maintaining ??= this.#maintain().finally(() => {
      this.#maintaining = undefined
    })
    return this.#maintaining
  }

  /** Resolves when nothing of it is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#beatTimer)
    clearTimeout(this.#maintainTimer)
    await this.#beating
    await this.#maintaining
  }

  #scheduleBeat(): void {
    if (this.#stopped) return
    this.#beatTimer = setTimeout(() => {
      this.#beating = this.#hooks
        .beat()
        .catch((error: unknown) => this.#hooks.failed(error))
        .then(() => this.#scheduleBeat())
    }, this.#times.renewMs)
  }

  /** One at a time: another worker may have reported the same job, and stored its callback already. */
  async #payOwed(): Promise<void> {
    for (let job = this.#owed[0]; job !== undefined; job = this.#owed[0]) {
      try {
        await this.#broker.jobEnqueue([job])
      } catch (error) {
        if (!(error instanceof DuplicateJobError)) throw error
      }
      this.#owed.shift()
      this.#hooks.workMayExist()
    }
  }

  async #maintain(): Promise<void> {
    clearTimeout(this.#maintainTimer)
    let next = this.#times.maintainMs
    try {
      const report = await this.#broker.maintain({ maxAbandonments: this.#maxAbandonments })
      if (report.promoted > 0 || report.reclaimed.length > 0) this.#hooks.workMayExist()
      this.#hooks.maintained(report)
      this.#owed.push(...report.poisoned.map((job) => poisonCallback(job)).filter((job) => job !== undefined))
      await this.#payOwed()
      if (report.nextDueAt !== undefined) next = Math.min(next, Math.max(0, report.nextDueAt - report.at))
    } catch (error) {
      this.#hooks.failed(error)
    }
    if (this.#stopped) return
    this.#maintainTimer = setTimeout(() => void this.maintain(), next)
  }
}
