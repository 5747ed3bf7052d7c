import type { JobFailure } from '../../job/failure.ts'
import { JobTimeoutError } from '../../job/limit-errors.ts'
import { formatDuration } from '../../support/duration.ts'
import type { ExecutionEnd } from '../isolation/isolation.ts'

/** The failure of an execution that reached its time limit. */
export function timeoutFailure(timeoutMs: number, graceMs: number, end: ExecutionEnd): JobFailure {
  const reached = `the job reached its timeout of ${formatDuration(timeoutMs)}`
  if (end.type === 'failed') {
    return new JobTimeoutError(`${reached} and gave up when its signal aborted`).toFailure(end.failure)
  }
  if (end.type === 'killed' && end.givenUp) {
    return new JobTimeoutError(`${reached} and could not be killed here; its code may still be running`).toFailure()
  }
  const grace = formatDuration(graceMs)
  return new JobTimeoutError(
    `${reached} and was killed, for it had not ended ${grace} after its signal aborted`,
  ).toFailure()
}

/** Why a job is `stopped`. */
export function stoppedFailure(graceMs: number, end: ExecutionEnd): JobFailure {
  return { kind: 'stopped', name: 'JobStoppedError', message: `the job was stopped ${howStopped(graceMs, end)}` }
}

function howStopped(graceMs: number, end: ExecutionEnd): string {
  if (end.type === 'unstarted') return 'before it began'
  if (end.type === 'failed') return 'and gave up when its signal aborted'
  if (end.type === 'killed' && end.givenUp) return 'and could not be killed here; its code may still be running'
  if (graceMs <= 0) return 'and killed at once'
  return `and killed, for it had not ended ${formatDuration(graceMs)} after its signal aborted`
}

/** Of an execution that was ended by the command `kill-horse`. */
export function killedFailure(): JobFailure {
  const message = 'the job was killed by the command kill-horse'
  return { kind: 'signal', name: 'HorseKilledError', message, signal: 'SIGKILL' }
}
