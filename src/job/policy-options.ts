import { UsageError } from '../errors.ts'
import { type Duration, parseDuration, show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'
import type { JobDependencies, RepeatPolicy, RetryPolicy } from './policies.ts'

/** How often and when a failed job is tried again. */
export interface RetryOptions {
  /** Retries after the first attempt. */
  readonly max: number
  /** Before the first retry, the second, and so on; the last one repeats. Default: none. */
  readonly delay?: Duration | readonly Duration[]
  /** Delays that grow. Not together with `delay`. */
  readonly backoff?: Duration | BackoffOptions
  /** A retry goes before all that waits in the queue. Default false. */
  readonly atFront?: boolean
}

export interface BackoffOptions {
  /** Before the first retry. Default 1 s. */
  readonly base?: Duration
  /** How much longer each delay is than the one before. Default 2. */
  readonly factor?: number
  /** The longest delay. Default 1 h. */
  readonly max?: Duration
  /** What share of a delay is left to chance, 0 to 1, so that jobs that failed together do not come back together. Default 0.5. */
  readonly jitter?: number
}

/** How often and when a job that has finished runs again. */
export interface RepeatOptions {
  readonly times: number
  /** Before the first repeat, the second, and so on; the last one repeats. Default: none. */
  readonly delay?: Duration | readonly Duration[]
}

/** A job by its handle or its id. */
export type JobReference = string | { readonly id: string }

export interface DependencyOptions {
  readonly jobs: JobReference | readonly JobReference[]
  /** Failed ones count, too. Default false: where one of them fails, the job waits until that is requeued and finishes. */
  readonly allowFailure?: boolean
  /** Before all that waits in its queue, once it need not wait any more. Default false. */
  readonly atFront?: boolean
}

export type DependsOn = JobReference | readonly JobReference[] | DependencyOptions

/** Undefined for no retries, which is how a definition's are overridden. @throws UsageError */
export function parseRetry(job: string, option: number | RetryOptions): RetryPolicy | undefined {
  const policy = parseRetryPolicy(`${job}: option retry`, option)
  return policy.max === 0 ? undefined : policy
}

function parseRetryPolicy(what: string, option: number | RetryOptions): RetryPolicy {
  if (typeof option === 'number') return { max: wholeCount(option, what, 0), delaysMs: [] }
  assertObject(option, what, "3 or { max: 3, delay: ['10s', '1m'] }")
  assertKnownOptions(option, ['max', 'delay', 'backoff', 'atFront'], what)
  const { max, delay, backoff, atFront } = option
  if (delay !== undefined && backoff !== undefined) throw new UsageError(`${what}: it has delay or backoff, not both`)
  return {
    max: wholeCount(max, `${what}.max`, 0),
    delaysMs: parseDelays(delay, `${what}.delay`),
    ...(backoff === undefined ? {} : { backoff: parseBackoff(backoff, `${what}.backoff`) }),
    ...(atFront === true ? { atFront } : {}),
  }
}

function parseBackoff(option: Duration | BackoffOptions, what: string): NonNullable<RetryPolicy['backoff']> {
  const given: BackoffOptions = typeof option === 'object' ? option : { base: option }
  assertKnownOptions(given, ['base', 'factor', 'max', 'jitter'], what)
  const { base = '1s', factor = 2, max = '1h', jitter = 0.5 } = given
  if (!(Number.isFinite(factor) && factor >= 1)) {
    throw new UsageError(`${what}.factor: expected a number of at least 1, got ${show(factor)}`)
  }
  if (!(jitter >= 0 && jitter <= 1)) throw new UsageError(`${what}.jitter: expected 0 to 1, got ${show(jitter)}`)
  return { baseMs: parseDuration(base, `${what}.base`), factor, maxMs: parseDuration(max, `${what}.max`), jitter }
}

/** @throws UsageError */
export function parseRepeat(job: string, option: number | RepeatOptions): RepeatPolicy {
  const what = `${job}: option repeat`
  if (typeof option === 'number') return { times: wholeCount(option, what), delaysMs: [] }
  assertObject(option, what, "3 or { times: 3, delay: '1m' }")
  assertKnownOptions(option, ['times', 'delay'], what)
  return {
    times: wholeCount(option.times, `${what}.times`),
    delaysMs: parseDelays(option.delay, `${what}.delay`),
  }
}

/** @throws UsageError */
export function parseDependsOn(job: string, option: DependsOn): JobDependencies {
  const what = `${job}: option dependsOn`
  const given: DependencyOptions = isDependencyOptions(option) ? option : { jobs: option }
  if (given === option) assertKnownOptions(given, ['jobs', 'allowFailure', 'atFront'], what)
  const jobIds = [given.jobs].flat().map((reference) => referredId(reference, what))
  if (jobIds.length === 0) throw new UsageError(`${what}: it names no job; leave it out, or give a handle or an id`)
  return {
    jobIds: [...new Set(jobIds)],
    ...(given.allowFailure === true ? { allowFailure: true } : {}),
    ...(given.atFront === true ? { atFront: true } : {}),
  }
}

function isDependencyOptions(option: DependsOn): option is DependencyOptions {
  return typeof option === 'object' && option !== null && 'jobs' in option
}

function referredId(reference: unknown, what: string): string {
  const id = typeof reference === 'object' && reference !== null ? (reference as { id?: unknown }).id : reference
  if (typeof id === 'string' && id !== '') return id
  const mend = reference instanceof Promise ? 'await the enqueue first' : 'give a handle or the id of a job'
  throw new UsageError(
    `${what}: expected a job, got ${reference instanceof Promise ? 'a promise' : show(reference)}; ${mend}`,
  )
}

function parseDelays(option: Duration | readonly Duration[] | undefined, what: string): number[] {
  if (option === undefined) return []
  return [option].flat().map((delay) => parseDuration(delay, what))
}

function wholeCount(value: unknown, what: string, least = 1): number {
  if (Number.isInteger(value) && (value as number) >= least) return value as number
  throw new UsageError(`${what}: expected a whole number of at least ${least}, got ${show(value)}`)
}

function assertObject(value: unknown, what: string, example: string): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new UsageError(`${what}: expected for example ${example}, got ${show(value)}`)
}
