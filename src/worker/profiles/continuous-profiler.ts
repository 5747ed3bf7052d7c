import type { ClaimedJob } from '../../job/record.ts'
import type { ExecutionProfiler, ProfileRequest } from '../isolation/profiling.ts'
import type { ProfileStore } from './profile-store.ts'

/** How a worker profiles some of its executions for ever. */
export interface ProfileSampling {
  /** Share of the executions, 0 to 1. */
  readonly sample: number
  readonly rateHz: number
  readonly keep: number
  readonly keepBytes: number
  /** Absolute path. */
  readonly folder: string
}

/** Chooses executions by chance, and keeps their profiles. The others are not touched: not even their job's name is looked at. */
export class ContinuousProfiler implements ExecutionProfiler {
  readonly #share: number
  readonly #request: ProfileRequest
  readonly #store: Pick<ProfileStore, 'put'>
  readonly #random: () => number

  constructor({ sample, rateHz }: ProfileSampling, store: Pick<ProfileStore, 'put'>, random = Math.random) {
    this.#share = sample
    this.#request = { kind: 'cpu', interval: Math.round(1e6 / rateHz) }
    this.#store = store
    this.#random = random
  }

  request(): ProfileRequest | undefined {
    return this.#random() < this.#share ? this.#request : undefined
  }

  /** One that was lost is one of the many that were not measured. */
  collected(job: ClaimedJob, raw: Buffer | undefined): void {
    if (raw !== undefined && raw.length > 0) this.#store.put(job, raw)
  }
}
