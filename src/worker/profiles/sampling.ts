import type { Logger } from '../../support/logger.ts'
import type { ProfilerDesk } from '../control/profiler-desk.ts'
import { ContinuousProfiler, type ProfileSampling } from './continuous-profiler.ts'
import { ProfileStore } from './profile-store.ts'

/** A worker's continuous profiling, from its begin to its end; nothing at all where it is not wanted. */
export class Sampling {
  readonly #wanted: ProfileSampling | undefined
  readonly #desk: ProfilerDesk
  readonly #logger: Logger
  #store: ProfileStore | undefined

  constructor(wanted: ProfileSampling | undefined, desk: ProfilerDesk, logger: Logger) {
    this.#wanted = wanted !== undefined && wanted.sample > 0 ? wanted : undefined
    this.#desk = desk
    this.#logger = logger
  }

  /** A worker that cannot profile works all the same: the log says why it cannot. */
  begin(): void {
    if (this.#wanted === undefined) return
    const { refusal } = this.#desk
    if (refusal !== undefined) {
      // Jobs of other isolations, which are opened when they are needed first, are profiled all the same.
      this.#warn(`profile.sample has no effect on most jobs of this worker: ${refusal}`)
    }
    try {
      this.#store = new ProfileStore(this.#wanted, (message) => this.#warn(message))
    } catch (error) {
      return this.#warn(`no executions are profiled: ${(error as Error).message}`)
    }
    this.#desk.add(new ContinuousProfiler(this.#wanted, this.#store))
    const { sample, folder } = this.#wanted
    this.#logger.info(
      { event: 'profile.sampling', sample, folder },
      `${Number((sample * 100).toPrecision(3))} % of the executions are profiled, into ${folder}`,
    )
  }

  async end(): Promise<void> {
    await this.#store?.flush()
  }

  #warn(message: string): void {
    this.#logger.warn({ event: 'profile.problem' }, message)
  }
}
