import type { JobLoad } from '../../queue/workload.ts'
import type { Candidate } from './candidate.ts'
import type { Examination } from './doctor.ts'

/** A candidate among those of all jobs. */
export interface RankedCandidate {
  readonly examination: Examination
  readonly candidate: Candidate
  readonly jobsPerDay: number
  /** CPU that would be saved in a day, milliseconds. */
  readonly savedMsPerDay: number
}

/** Best first: what saves the most in a day. What must not be moved as it is comes last, whatever it costs. */
export function rankCandidates(
  examined: readonly { readonly load: JobLoad; readonly examination: Examination }[],
): RankedCandidate[] {
  const all = examined.flatMap(({ load: { jobsPerDay }, examination }) =>
    examination.candidates.map((candidate) => {
      const savedMsPerDay = (candidate.coldMsPerJob - candidate.warmMsPerJob) * jobsPerDay
      return { examination, candidate, jobsPerDay, savedMsPerDay }
    }),
  )
  const isUnsafe = ({ candidate }: RankedCandidate): number => Number(candidate.unsafe.length > 0)
  return all.sort((a, b) => isUnsafe(a) - isUnsafe(b) || b.savedMsPerDay - a.savedMsPerDay)
}
