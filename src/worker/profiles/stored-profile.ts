import type { RawProfile } from '../isolation/profiling.ts'

/** What a file of the store holds, as gzipped JSON. */
export interface StoredProfile {
  readonly format: 'workhorse-profile-1'
  readonly jobId: string
  readonly executionId: string
  readonly job: string
  readonly queue: string
  readonly attempt: number
  /** When it was stored, in Unix milliseconds. */
  readonly at: number
  readonly raw: RawProfile
}
