import { UsageError } from '../errors.ts'
import { type Duration, parseDuration, parseLimit, show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'
import { type Callback, type CallbackNames, mergeCallbacks } from './callback-names.ts'
import type { FailureEvent, StoppedEvent, SuccessEvent } from './callbacks.ts'
import { findNonJson, type JsonValue } from './json.ts'
import { type JobLimits, type LimitOptions, resolveLimits } from './limits.ts'
import type { JobDependencies, RepeatPolicy, RetryPolicy } from './policies.ts'
import {
  type DependsOn,
  parseDependsOn,
  parseRepeat,
  parseRetry,
  type RepeatOptions,
  type RetryOptions,
} from './policy-options.ts'
import { assertQueueName } from './queue-name.ts'
import { JOB_ISOLATIONS, type JobIsolation } from './record.ts'

/** What a job definition may say about its jobs. Defaults are Python RQ's. */
export interface JobOptions {
  /** Queue that the jobs go to. Default `'default'`. */
  readonly queue?: string
  /**
   * How long one execution may take; `-1` for as long as it likes. Default 180 s. At the limit the job's
   * `signal` aborts; after a grace the supervisor kills its process group, also where its event loop is blocked.
   */
  readonly timeout?: Duration
  /** How long the result is kept; `-1` for ever, `0` not at all. Default 500 s. */
  readonly resultTtl?: Duration
  /** How long a failed job is kept; `-1` for ever. Default 1 year. */
  readonly failureTtl?: Duration
  /**
   * How long a job may wait in its queue; one that was not started by then is forgotten. `-1` for as long as it takes,
   * which is the default.
   */
  readonly ttl?: Duration
  /**
   * What happens after a failed attempt: a number of retries at once, or when and how often, for example
   * `{ max: 5, backoff: '1s' }`; 0 for none, whatever the definition says. Default: the job has failed.
   */
  readonly retry?: number | RetryOptions
  /** Run it again when it has finished: so many times more, at once or later. Default: it is done. */
  readonly repeat?: number | RepeatOptions
  /**
   * At most one job with this key waits or runs; enqueueing another does nothing, see `handle.isDuplicate`. `true` makes
   * the arguments the key. Keys of different jobs have nothing to do with each other.
   */
  readonly unique?: string | number | true
  /** Name of a group that the jobs belong to; see `group()`. */
  readonly group?: string
  /**
   * Enqueued when the job has finished: a job definition, the name of one, or, in `job()` only, a function, which becomes
   * a job of its own named `NAME.on-success`.
   */
  readonly onSuccess?: Callback<SuccessEvent>
  /** The same for a job that has failed and has no retry left; `NAME.on-failure`. */
  readonly onFailure?: Callback<FailureEvent>
  /** The same for a job that was stopped while it ran; `NAME.on-stopped`. */
  readonly onStopped?: Callback<StoppedEvent>
  /** Where the jobs run, whatever the worker's own mode. Default: as the worker says. */
  readonly isolation?: JobIsolation
  /** What one execution may use, beside its time. Default: no limits. Given again in `with`, they replace these. */
  readonly limits?: LimitOptions
}

/** What one enqueue may say beyond that: see `definition.with(options)`. */
export interface EnqueueOptions extends JobOptions {
  /** Before all that waits in the queue, instead of behind it. Default false. */
  readonly atFront?: boolean
  /** The job's id: letters, digits, `_` and `-`, as RQ >= 2.8 demands. Default a random UUID. */
  readonly id?: string
  /** Free data that travels with the job; see `currentJob().meta`. */
  readonly meta?: { readonly [key: string]: JsonValue | undefined }
  /** Run it when these have finished: handles or ids, or `{ jobs, allowFailure, atFront }`. Default: at once. */
  readonly dependsOn?: DependsOn
}

export interface ResolvedJobOptions {
  readonly queue: string
  readonly timeoutMs: number
  readonly resultTtlMs: number
  readonly failureTtlMs: number
  readonly limits?: JobLimits
  readonly ttlMs?: number
  readonly retry?: RetryPolicy
  readonly repeat?: RepeatPolicy
  readonly unique?: string | number | true
  readonly group?: string
  readonly callbacks?: CallbackNames
  readonly isolation?: JobIsolation
}

export interface ResolvedEnqueueOptions extends ResolvedJobOptions {
  readonly atFront: boolean
  readonly id?: string
  /** JSON text. */
  readonly meta?: string
  readonly dependsOn?: JobDependencies
}

export const JOB_DEFAULTS: ResolvedEnqueueOptions = {
  queue: 'default',
  timeoutMs: 180_000,
  resultTtlMs: 500_000,
  failureTtlMs: 365 * 86_400_000,
  atFront: false,
}

const JOB_OPTION_NAMES = [
  ...['queue', 'timeout', 'resultTtl', 'failureTtl', 'limits', 'ttl', 'retry', 'repeat', 'unique', 'group'],
  ...['onSuccess', 'onFailure', 'onStopped', 'isolation'],
] as const
const ENQUEUE_OPTION_NAMES = [...JOB_OPTION_NAMES, 'atFront', 'id', 'meta', 'dependsOn'] as const

/** @throws UsageError naming the job, the option and the value */
export function resolveJobOptions(job: string, options: JobOptions): ResolvedEnqueueOptions {
  assertKnownOptions(options, JOB_OPTION_NAMES, `job('${job}')`)
  return merge(job, options, JOB_DEFAULTS)
}

/** Options of one enqueue over those of the definition (or of an earlier `with`). */
export function resolveEnqueueOptions(
  job: string,
  options: EnqueueOptions,
  base: ResolvedEnqueueOptions,
): ResolvedEnqueueOptions {
  assertKnownOptions(options, ENQUEUE_OPTION_NAMES, `${job}.with()`)
  return merge(job, options, base)
}

function merge(job: string, options: EnqueueOptions, base: ResolvedEnqueueOptions): ResolvedEnqueueOptions {
  const { queue, atFront, id, meta, limits } = options
  if (queue !== undefined) assertQueueName(queue)
  if (id !== undefined && !/^[A-Za-z0-9_-]{1,200}$/.test(id)) {
    throw new UsageError(`${job}: option id: expected up to 200 letters, digits, _ or -, got ${show(id)}`)
  }
  const merged = {
    queue: queue ?? base.queue,
    ...mergeTimes(job, options, base),
    atFront: atFront ?? base.atFront,
    ...optional('limits', limits === undefined ? base.limits : resolveLimits(job, limits)),
    ...optional('id', id ?? base.id),
    ...optional('meta', meta === undefined ? base.meta : metaToText(job, meta)),
    ...mergePolicies(job, options, base),
  }
  if (merged.id !== undefined && merged.unique !== undefined) {
    throw new UsageError(`${job}: options id and unique: a unique job's id is made of its key; give one of them`)
  }
  return Object.freeze(merged)
}

function mergeTimes(job: string, options: EnqueueOptions, base: ResolvedEnqueueOptions) {
  const { timeout, resultTtl, failureTtl, ttl } = options
  const timeoutMs = timeout === undefined ? base.timeoutMs : parseLimit(timeout, `${job}: option timeout`)
  if (timeoutMs === 0) throw new UsageError(`${job}: option timeout: 0 leaves no time to run; -1 means without limit`)
  const ttlMs = ttl === undefined ? base.ttlMs : parseLimit(ttl, `${job}: option ttl`)
  if (ttlMs === 0) throw new UsageError(`${job}: option ttl: 0 leaves no time to start; -1 means without limit`)
  return {
    timeoutMs,
    resultTtlMs: resultTtl === undefined ? base.resultTtlMs : parseLimit(resultTtl, `${job}: option resultTtl`),
    failureTtlMs: failureTtl === undefined ? base.failureTtlMs : parseLimit(failureTtl, `${job}: option failureTtl`),
    ...optional('ttlMs', ttlMs),
  }
}

function mergePolicies(job: string, options: EnqueueOptions, base: ResolvedEnqueueOptions) {
  const { retry, repeat, unique, group, isolation, dependsOn } = options
  if (isolation !== undefined && !JOB_ISOLATIONS.includes(isolation)) {
    throw new UsageError(
      `${job}: option isolation: expected one of ${JOB_ISOLATIONS.join(', ')}, got ${show(isolation)}`,
    )
  }
  return {
    ...optional('retry', retry === undefined ? base.retry : parseRetry(job, retry)),
    ...optional('repeat', repeat === undefined ? base.repeat : parseRepeat(job, repeat)),
    ...optional('unique', unique === undefined ? base.unique : checkUnique(job, unique)),
    ...optional('group', group === undefined ? base.group : checkGroup(job, group)),
    ...optional('callbacks', mergeCallbacks(job, options, base.callbacks)),
    ...optional('isolation', isolation ?? base.isolation),
    ...optional('dependsOn', dependsOn === undefined ? base.dependsOn : parseDependsOn(job, dependsOn)),
  }
}

function checkUnique(job: string, unique: unknown): string | number | true {
  if (unique === true || (typeof unique === 'string' && unique !== '') || Number.isFinite(unique)) {
    return unique as string | number | true
  }
  throw new UsageError(`${job}: option unique: expected a key (a string or a number) or true, got ${show(unique)}`)
}

function checkGroup(job: string, group: unknown): string {
  if (typeof group === 'string' && group !== '' && group.length <= 200) return group
  throw new UsageError(`${job}: option group: expected a name of 1 to 200 characters, got ${show(group)}`)
}

function metaToText(job: string, meta: unknown): string {
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) {
    throw new UsageError(`${job}: option meta: expected an object, got ${show(meta)}`)
  }
  const finding = findNonJson(meta, 'meta')
  if (finding) throw new UsageError(`${job}: ${finding}`)
  return JSON.stringify(meta)
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}

/** When a job that is to run after `delay` becomes due. */
export function dueIn(job: string, delay: Duration, now: number): number {
  return now + parseDuration(delay, `${job}.enqueueIn()`)
}

/** @throws UsageError where `when` is no valid date */
export function dueAt(job: string, when: Date | number | string): number {
  const time = when instanceof Date ? when.getTime() : typeof when === 'number' ? when : Date.parse(String(when))
  if (!Number.isFinite(time)) {
    throw new UsageError(
      `${job}.enqueueAt(): expected a Date, Unix milliseconds or an ISO 8601 string, got ${show(when instanceof Date ? 'Invalid Date' : when)}`,
    )
  }
  return Math.round(time)
}
