import type { ExecutionOutcome, PoisonedJob } from '../../broker/broker.ts'
import { type CallbackCause, callbackJob } from '../../job/callbacks.ts'
import type { ClaimedJob, NewJob } from '../../job/record.ts'
import { repeatDecision, retryDecision } from '../../job/retry.ts'

/**
 * What follows an execution: another attempt, a repeat, callbacks. All of it goes with the outcome, so that the broker
 * stores it in the same step.
 */
export function decideAftermath(job: ClaimedJob, outcome: ExecutionOutcome, now = Date.now()): ExecutionOutcome {
  if (outcome.type === 'finished') {
    const repeat = repeatDecision(job.repeat, job.repeatsLeft)
    if (repeat !== undefined) return { ...outcome, repeat }
    return withCallback(job, outcome, { type: 'success', result: outcome.result }, now)
  }
  if (outcome.type === 'failed') {
    const retry = retryDecision(job.retry, job.retriesLeft)
    if (retry !== undefined) return { ...outcome, retry }
    return withCallback(job, outcome, { type: 'failure', failure: outcome.failure }, now)
  }
  if (outcome.type !== 'stopped') return outcome
  return withCallback(job, outcome, { type: 'stopped', failure: outcome.failure }, now)
}

function withCallback(
  job: ClaimedJob,
  outcome: Exclude<ExecutionOutcome, { type: 'canceled' | 'released' }>,
  cause: CallbackCause,
  now: number,
): ExecutionOutcome {
  const callback = callbackJob(job, cause, now)
  return callback === undefined ? outcome : { ...outcome, enqueue: [callback] }
}

/** The callback of a job that was failed because its workers kept dying: nobody is left to bring it with an outcome. */
export function poisonCallback({ record }: PoisonedJob, now = Date.now()): NewJob | undefined {
  if (record?.failure === undefined) return undefined
  return callbackJob({ ...record, attempt: record.attempts }, { type: 'failure', failure: record.failure }, now)
}
