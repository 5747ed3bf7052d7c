import type { RepeatPolicy, RetryPolicy } from './policies.ts'

/** What follows an execution. Pure: whoever decides passes what it knows. */

export interface RetryDecision {
  readonly delayMs: number
  readonly atFront: boolean
}

/**
 * Whether and when a failed execution is followed by another. RQ's `Retry`: delays are taken in their order, and the
 * last one repeats; the backoff with jitter is Sidekiq's and BullMQ's idea.
 * @param random from 0 to 1, for the jitter
 * @returns nothing where the job has failed for good
 */
export function retryDecision(
  policy: RetryPolicy | undefined,
  retriesLeft: number | undefined,
  random: () => number = Math.random,
): RetryDecision | undefined {
  if (policy === undefined || retriesLeft === undefined || retriesLeft <= 0) return undefined
  const retry = Math.max(0, policy.max - retriesLeft)
  const delayMs = policy.backoff === undefined ? nth(policy.delaysMs, retry) : backOff(policy.backoff, retry, random())
  return { delayMs, atFront: policy.atFront === true }
}

/** Whether and when a finished job runs again. @returns nothing where it was the last time */
export function repeatDecision(
  policy: RepeatPolicy | undefined,
  repeatsLeft: number | undefined,
): { readonly delayMs: number } | undefined {
  if (policy === undefined || repeatsLeft === undefined || repeatsLeft <= 0) return undefined
  return { delayMs: nth(policy.delaysMs, Math.max(0, policy.times - repeatsLeft)) }
}

function nth(delaysMs: readonly number[], index: number): number {
  return delaysMs[Math.min(index, delaysMs.length - 1)] ?? 0
}

/** Jitter makes it shorter, never longer: the maximum is one. */
function backOff(backoff: NonNullable<RetryPolicy['backoff']>, retry: number, random: number): number {
  const { baseMs, factor, maxMs, jitter } = backoff
  // The power of a late retry may be infinite, and the minimum of it is still the maximum asked for.
  const whole = Math.min(maxMs, baseMs * factor ** retry)
  return Math.round(whole * (1 - jitter * random))
}
