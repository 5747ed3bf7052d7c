import type { Candidate } from './candidate.ts'
import type { Examination } from './doctor.ts'
import type { Verification } from './verify.ts'

/** The diagnosis in plain words. */
export function formatExamination(examination: Examination, verification?: Verification): string {
  const { job, candidates, excluded, coldMsPerJob, warmMsPerJob, coldExecutions } = examination
  const lines = [
    `${job}: ${ms(coldMsPerJob)} CPU in a fresh process (${coldExecutions} measured), ${ms(warmMsPerJob)} in a used one.`,
  ]
  if (candidates.length === 0) {
    lines.push('', `Nothing to hoist: there is no function that every fresh process repeats and a used one does not.`)
  }
  candidates.forEach((candidate, index) => {
    lines.push('', `${index + 1}. ${sentence(examination, candidate)}`, `   ${candidate.advice}.`)
  })
  for (const { function: name, file, line, coldMsPerJob: cold, reason } of excluded) {
    lines.push('', `Left out: ${name} (${file}:${line}), ${ms(cold)}: ${reason}.`)
  }
  if (verification) lines.push('', formatVerification(verification))
  return lines.join('\n')
}

/** Where the time goes. */
export function sentence({ job, coldMsPerJob, coldExecutions }: Examination, candidate: Candidate): string {
  const { function: name, file, line, presence, kind } = candidate
  const place = file === '' ? '' : ` (${file}:${line})`
  const spent = `${job} spends ${ms(candidate.coldMsPerJob)} of ${ms(coldMsPerJob)} CPU in ${name}${place}`
  const seen = Math.round(presence * coldExecutions)
  const where = `in ${seen} of ${coldExecutions} horses`
  if (kind === 'jit') return `${spent}, ${where}, and ${ms(candidate.warmMsPerJob)} once its code is compiled.`
  return `${spent}, ${where}, ${ms(candidate.warmMsPerJob)} when warm.`
}

export function formatVerification({ tried, beforeMsPerJob, afterMsPerJob, problem }: Verification): string {
  if (afterMsPerJob === undefined) return `Not verified, with ${tried}: ${problem}.`
  const change = afterMsPerJob > 0 ? ` (${(beforeMsPerJob / afterMsPerJob).toFixed(1)} x)` : ''
  return `Verified, with ${tried}: ${ms(beforeMsPerJob)} → ${ms(afterMsPerJob)} CPU per job${change}.`
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
}
