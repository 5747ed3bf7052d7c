import type { Broker, PoisonedJob } from '../../broker/broker.ts'
import { DuplicateJobError } from '../../errors.ts'
import type { NewJob } from '../../job/record.ts'
import { poisonCallback } from './aftermath.ts'

/** Enqueues the failure callbacks of poisoned jobs, and keeps those that the broker could not take. */
export class PoisonCallbacks {
  readonly #broker: Broker
  #waiting: NewJob[] = []

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** To be called after each maintenance. Rejects where the broker cannot be reached; the next call tries again. */
  async enqueue(poisoned: readonly PoisonedJob[]): Promise<void> {
    this.#waiting.push(...poisoned.map((job) => poisonCallback(job)).filter((job) => job !== undefined))
    while (this.#waiting[0] !== undefined) {
      await this.#enqueueOne(this.#waiting[0])
      this.#waiting.shift()
    }
  }

  async #enqueueOne(job: NewJob): Promise<void> {
    try {
      await this.#broker.jobEnqueue([job])
    } catch (error) {
      // An earlier try has got through after all, and only its answer was lost.
      if (!(error instanceof DuplicateJobError)) throw error
    }
  }
}
