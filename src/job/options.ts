import { UsageError } from '../errors.ts'
import { type Duration, parseDuration, parseLimit, show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'
import { findNonJson, type JsonValue } from './json.ts'
import { type JobLimits, type LimitOptions, resolveLimits } from './limits.ts'
import { assertQueueName } from './queue-name.ts'

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
}

export interface ResolvedJobOptions {
  readonly queue: string
  readonly timeoutMs: number
  readonly resultTtlMs: number
  readonly failureTtlMs: number
  readonly limits?: JobLimits
}

export interface ResolvedEnqueueOptions extends ResolvedJobOptions {
  readonly atFront: boolean
  readonly id?: string
  /** JSON text. */
  readonly meta?: string
}

const JOB_DEFAULTS: ResolvedEnqueueOptions = {
  queue: 'default',
  timeoutMs: 180_000,
  resultTtlMs: 500_000,
  failureTtlMs: 365 * 86_400_000,
  atFront: false,
}

const JOB_OPTION_NAMES = ['queue', 'timeout', 'resultTtl', 'failureTtl', 'limits'] as const
const ENQUEUE_OPTION_NAMES = [...JOB_OPTION_NAMES, 'atFront', 'id', 'meta'] as const

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
  const { queue, timeout, resultTtl, failureTtl, atFront, id, meta, limits } = options
  if (queue !== undefined) assertQueueName(queue)
  if (id !== undefined && !/^[A-Za-z0-9_-]{1,200}$/.test(id)) {
    throw new UsageError(`${job}: option id: expected up to 200 letters, digits, _ or -, got ${show(id)}`)
  }
  const timeoutMs = timeout === undefined ? base.timeoutMs : parseLimit(timeout, `${job}: option timeout`)
  if (timeoutMs === 0) throw new UsageError(`${job}: option timeout: 0 leaves no time to run; -1 means without limit`)
  return Object.freeze({
    queue: queue ?? base.queue,
    timeoutMs,
    resultTtlMs: resultTtl === undefined ? base.resultTtlMs : parseLimit(resultTtl, `${job}: option resultTtl`),
    failureTtlMs: failureTtl === undefined ? base.failureTtlMs : parseLimit(failureTtl, `${job}: option failureTtl`),
    atFront: atFront ?? base.atFront,
    ...optional('limits', limits === undefined ? base.limits : resolveLimits(job, limits)),
    ...optional('id', id ?? base.id),
    ...optional('meta', meta === undefined ? base.meta : metaToText(job, meta)),
  })
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
