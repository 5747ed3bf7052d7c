import { formatDuration } from '../../support/duration.ts'
import type { RankedCandidate } from './ranking.ts'
import { formatVerification, sentence } from './report.ts'
import type { Verification } from './verify.ts'

/** A job that could not be examined, and why. */
export interface Unexamined {
  readonly job: string
  readonly reason: string
}

/** What all jobs repeat, in plain words, best first. */
export function formatRanking(
  ranked: readonly RankedCandidate[],
  unexamined: readonly Unexamined[],
  verification?: Verification,
): string {
  const lines: string[] = []
  if (ranked.length === 0)
    lines.push('Nothing to hoist: no job has a function that every fresh process repeats and a used one does not.')
  else lines.push('What every fresh process repeats, by what it costs in a day:')
  ranked.forEach(({ examination, candidate, savedMsPerDay, jobsPerDay }, index) => {
    const cost = `${formatDuration(savedMsPerDay)} CPU a day, in ${Math.round(jobsPerDay)} jobs`
    lines.push('', `${index + 1}. ${cost}: ${sentence(examination, candidate)}`, `   ${candidate.advice}.`)
  })
  for (const { job, reason } of unexamined) lines.push('', `Not examined: ${job}: ${reason}.`)
  if (verification) lines.push('', formatVerification(verification))
  return lines.join('\n')
}
