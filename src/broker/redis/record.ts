import type { RepeatPolicy, RetryPolicy } from '../../job/policies.ts'
import type { Bill, JobRecord, JobResultEntry } from '../../job/record.ts'
import { isEnded, isJobState, type JobState } from '../../job/states.ts'
import { decodeCall, decodeValue } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import { parseTime } from './codec/times.ts'
import type { Reply } from './connection.ts'
import { RQ_DEFAULTS } from './job-fields.ts'
import { asList, asOptionalNumber, type Fields, Hash } from './reply.ts'
import { toResultEntry } from './result-entry.ts'

/** One answer of scripts/job-fetch.lua as a record; undefined where there is no such job. */
export function toRecord(id: string, reply: Reply | undefined): JobRecord | undefined {
  const [flat, dueScore, latest] = asList(reply)
  const hash = new Hash(asList(flat))
  if (hash.isEmpty) return undefined
  const state = readState(hash.text('status'))
  const { name, args } = readCall(hash)
  const entry = latest === null || latest === undefined ? undefined : toResultEntry(0, new Hash(asList(latest)))
  const durations = readDurations(hash)
  const { ttlMs, ...rest } = durations
  return {
    id,
    name,
    queue: hash.text('origin') ?? 'default',
    state,
    args,
    createdAt: parseTime(hash.text('created_at')) ?? 0,
    ...rest,
    attempts: readAttempts(hash, state),
    abandonments: hash.number('wh_abandonments') ?? 0,
    ...given('ttlMs', ttlMs),
    ...given('meta', readMeta(hash.bytes('meta'))),
    ...given('progress', hash.number('wh_progress')),
    ...given(
      'enqueuedAt',
      state === 'scheduled' || state === 'deferred' ? undefined : parseTime(hash.text('enqueued_at')),
    ),
    ...given('dueAt', hash.number('wh_due') ?? dueMs(asOptionalNumber(dueScore))),
    ...given('startedAt', parseTime(hash.text('started_at'))),
    ...given('endedAt', parseTime(hash.text('ended_at'))),
    ...given('expiresAt', readExpiry(hash, state, durations)),
    ...given('worker', readWorker(hash)),
    ...given('executionId', hash.text('wh_execution')),
    ...readOutcome(hash, state, entry),
    ...readPolicies(hash),
    ...given('group', hash.text('group_id')),
  }
}

export function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}

/** RQ has had others, for jobs that wait for something. */
export function readState(status: string | undefined): JobState {
  return status !== undefined && isJobState(status) ? status : 'deferred'
}

/** A job whose payload is refused is shown all the same; it is failed where it is claimed. */
function readCall(hash: Hash): { readonly name: string; readonly args: string } {
  try {
    return decodeCall(hash.bytes('data') ?? Buffer.alloc(0))
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error
    return { name: /^[^\s(]+/.exec(hash.text('description') ?? '')?.[0] ?? 'unreadable', args: '[]' }
  }
}

export function readMeta(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined
  try {
    return decodeValue(bytes, 'meta')
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error
    return undefined
  }
}

interface Durations {
  readonly timeoutMs: number
  readonly resultTtlMs: number
  readonly failureTtlMs: number
  readonly ttlMs: number | undefined
}

function readDurations(hash: Hash): Durations {
  return {
    timeoutMs: readDuration(hash.number('wh_timeout'), hash.number('timeout')) ?? RQ_DEFAULTS.timeoutMs,
    resultTtlMs: readDuration(hash.number('wh_result_ttl'), hash.number('result_ttl')) ?? RQ_DEFAULTS.resultTtlMs,
    failureTtlMs: readDuration(hash.number('wh_failure_ttl'), hash.number('failure_ttl')) ?? RQ_DEFAULTS.failureTtlMs,
    ttlMs: readDuration(hash.number('wh_ttl'), hash.number('ttl')),
  }
}

export function readDuration(ms: number | undefined, seconds: number | undefined): number | undefined {
  if (ms !== undefined) return ms
  if (seconds === undefined) return undefined
  return seconds < 0 ? -1 : seconds * 1000
}

function readAttempts(hash: Hash, state: JobState): number {
  // A Python worker does not count them.
  const ran = state === 'started' || state === 'finished' || state === 'failed' || state === 'stopped'
  return hash.number('wh_attempts') ?? (ran ? 1 : 0)
}

function readExpiry(hash: Hash, state: JobState, durations: Durations): number | undefined {
  const from = isEnded(state) ? parseTime(hash.text('ended_at')) : parseTime(hash.text('enqueued_at'))
  const unstarted = state === 'queued' && readAttempts(hash, state) === 0
  const ttlMs = isEnded(state)
    ? state === 'finished'
      ? durations.resultTtlMs
      : durations.failureTtlMs
    : unstarted
      ? durations.ttlMs
      : undefined
  return from === undefined || ttlMs === undefined || ttlMs < 0 ? undefined : from + ttlMs
}

/** The worker, not its slot, where it is one of ours; and Python's where one of those ran the job last. */
function readWorker(hash: Hash): string | undefined {
  const slot = hash.text('worker_name')
  const worker = hash.text('wh_worker')
  return worker === undefined || (slot !== undefined && slot !== worker && !slot.startsWith(`${worker}.`))
    ? slot
    : worker
}

function readOutcome(
  hash: Hash,
  state: JobState,
  entry: JobResultEntry | undefined,
): Pick<JobRecord, 'result' | 'failure' | 'bill'> {
  const kept = hash.text('wh_bill')
  // In the history; a canceled execution has no entry there.
  const bill = kept === undefined ? entry?.bill : (JSON.parse(kept) as Bill)
  return {
    ...(state === 'finished' ? { result: entry?.result ?? 'null' } : {}),
    ...(entry?.failure !== undefined && (state === 'failed' || state === 'stopped') ? { failure: entry.failure } : {}),
    ...given('bill', bill),
  }
}

interface Policies {
  readonly retry?: RetryPolicy
  readonly retriesLeft?: number
  readonly repeat?: RepeatPolicy
  readonly repeatsLeft?: number
}

/** Ours as they were given; Python's out of the fields of RQ. */
export function readPolicies(
  hash: Fields,
): Policies & Pick<JobRecord, 'callbacks' | 'dependsOn' | 'isolation' | 'limits'> {
  const text = hash.text('wh_options')
  const options = text === undefined ? {} : (JSON.parse(text) as Pick<JobRecord, 'retry' | 'repeat' | 'dependsOn'>)
  const retriesLeft = hash.number('retries_left')
  const repeatsLeft = hash.number('repeats_left')
  const dependsOn = options.dependsOn ?? readDependencies(hash)
  return {
    ...options,
    ...given('dependsOn', dependsOn),
    ...(retriesLeft === undefined ? {} : { retry: options.retry ?? readRetry(hash, retriesLeft), retriesLeft }),
    ...(repeatsLeft === undefined ? {} : { repeat: options.repeat ?? readRepeat(hash, repeatsLeft), repeatsLeft }),
  }
}

/** RQ counts back from the end of its intervals: with as many retries as intervals ours gives the same. */
function readRetry(hash: Fields, left: number): RetryPolicy {
  const delaysMs = readIntervals(hash.text('retry_intervals'))
  const atFront = hash.text('enqueue_at_front_on_retry') === '1'
  return { max: Math.max(1, left, delaysMs.length), delaysMs, ...(atFront ? { atFront } : {}) }
}

function readRepeat(hash: Fields, left: number): RepeatPolicy {
  const delaysMs = readIntervals(hash.text('repeat_intervals')).reverse()
  return { times: Math.max(1, left, delaysMs.length), delaysMs }
}

function readDependencies(hash: Fields): JobRecord['dependsOn'] {
  const text = hash.text('dependency_ids')
  if (text === undefined) return undefined
  const jobIds = (JSON.parse(text) as unknown[]).map(String)
  return { jobIds, ...(hash.text('allow_dependency_failures') === '1' ? { allowFailure: true } : {}) }
}

function readIntervals(text: string | undefined): number[] {
  const seconds = text === undefined ? [] : (JSON.parse(text) as unknown)
  return Array.isArray(seconds) ? seconds.map((one) => Number(one) * 1000) : [Number(seconds) * 1000]
}

function dueMs(score: number | undefined): number | undefined {
  return score === undefined ? undefined : Math.floor(score * 1000 + 0.0005)
}
