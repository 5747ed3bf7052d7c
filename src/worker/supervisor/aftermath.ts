import type { ExecutionOutcome, PoisonedJob } from '../../broker/broker.ts'
import { type CallbackCause, callbackJob } from '../../job/callbacks.ts'
import type { ClaimedJob, NewJob } from '../../job/record.ts'
import { repeatDecision, retryDecision } from '../../job/retry.ts'

/**
 * What follows an execution by the job's own policies, put into its outcome, so that the broker stores both in one step:
 * another attempt, a repeat, a callback. A failure that is retried calls nothing.
 */
export function withAftermath(job: ClaimedJob, outcome: ExecutionOutcome, now = Date.now()): ExecutionOutcome {
  switch (outcome.type) {
    case 'finished': {
      const repeat = repeatDecision(job.repeat, job.repeatsLeft)
      const enqueue = callback(job, { type: 'success', result: outcome.result }, now)
      if (repeat === undefined && enqueue.enqueue === undefined) return outcome
      return { ...outcome, ...(repeat === undefined ? {} : { repeat }), ...enqueue }
    }
    case 'failed': {
      const retry = retryDecision(job.retry, job.retriesLeft)
      if (retry !== undefined) return { ...outcome, retry }
      return { ...outcome, ...callback(job, { type: 'failure', failure: outcome.failure }, now) }
    }
    case 'stopped':
      return { ...outcome, ...callback(job, { type: 'stopped', failure: outcome.failure }, now) }
    case 'canceled':
    case 'released':
      return outcome
  }
}

function callback(job: ClaimedJob, cause: CallbackCause, now: number): { enqueue?: readonly NewJob[] } {
  const following = callbackJob(job, cause, now)
  return following === undefined ? {} : { enqueue: [following] }
}

/** The failure callback of a job whose workers kept dying. Its id is the same whoever reports it. */
export function poisonCallback({ record }: PoisonedJob, now = Date.now()): NewJob | undefined {
  if (record?.failure === undefined) return undefined
  return callbackJob({ ...record, attempt: record.attempts }, { type: 'failure', failure: record.failure }, now)
}
