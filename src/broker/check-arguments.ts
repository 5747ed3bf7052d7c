import { UsageError } from '../errors.ts'
import type { RepeatPolicy, RetryPolicy } from '../job/policies.ts'
import { assertQueueName } from '../job/queue-name.ts'
import { type NewJob, UNLIMITED } from '../job/record.ts'
import type { JobExchangeParams, JobListParams } from './broker.ts'
import type { ScheduleDefinition } from './schedule.ts'

/** Checks that all brokers make of what their callers pass, so that every broker refuses alike. */

const MAX_PAGE = 1000
const MAX_ID_LENGTH = 500

/** Runs for every job of every batch: what is wrong is put into words only when something is. */
export function assertNewJob(job: NewJob): void {
  if (!isText(job.id)) assertText(job.id, 'job id', MAX_ID_LENGTH)
  if (!isText(job.name)) assertText(job.name, 'job name', MAX_ID_LENGTH)
  assertQueueName(job.queue)
  if (typeof job.args !== 'string')
    throw new UsageError(`job ${job.id}: args must be JSON text, got ${typeof job.args}`)
  if (!Number.isFinite(job.createdAt)) assertTime(job.createdAt, `job ${job.id}: createdAt`)
  if (job.dueAt !== undefined) assertTime(job.dueAt, `job ${job.id}: dueAt`)
  if (!isDuration(job.timeoutMs)) assertDuration(job.timeoutMs, `job ${job.id}: timeoutMs`)
  if (!isDuration(job.resultTtlMs)) assertDuration(job.resultTtlMs, `job ${job.id}: resultTtlMs`)
  if (!isDuration(job.failureTtlMs)) assertDuration(job.failureTtlMs, `job ${job.id}: failureTtlMs`)
  if (job.ttlMs !== undefined) assertTtl(job.ttlMs, `job ${job.id}: ttlMs`)
  if (job.group !== undefined) assertText(job.group, `job ${job.id}: group`, MAX_ID_LENGTH)
  if (job.retry !== undefined) assertRetry(job.retry, `job ${job.id}: retry`)
  if (job.repeat !== undefined) assertRepeat(job.repeat, `job ${job.id}: repeat`)
  if (job.dependsOn !== undefined) assertDependencies(job)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH
}

function isDuration(value: number): boolean {
  return value === UNLIMITED || (Number.isFinite(value) && value >= 0)
}

function assertRetry(retry: RetryPolicy, what: string): void {
  assertCount(retry.max, `${what}.max`, 0)
  for (const delay of retry.delaysMs) assertDelay(delay, `${what}.delaysMs`)
  if (retry.backoff === undefined) return
  const { baseMs, factor, maxMs, jitter } = retry.backoff
  assertDelay(baseMs, `${what}.backoff.baseMs`)
  assertDelay(maxMs, `${what}.backoff.maxMs`)
  if (!(factor >= 1)) throw new UsageError(`${what}.backoff.factor must be a number of at least 1, got ${factor}`)
  if (!(jitter >= 0 && jitter <= 1)) throw new UsageError(`${what}.backoff.jitter must be from 0 to 1, got ${jitter}`)
}

function assertRepeat(repeat: RepeatPolicy, what: string): void {
  assertCount(repeat.times, `${what}.times`)
  for (const delay of repeat.delaysMs) assertDelay(delay, `${what}.delaysMs`)
}

function assertDependencies({ id, dependsOn, dueAt }: NewJob): void {
  const ids = dependsOn?.jobIds ?? []
  if (ids.length === 0) throw new UsageError(`job ${id}: dependsOn names no job; leave it out, or name one`)
  for (const other of ids) assertText(other, `job ${id}: dependsOn`, MAX_ID_LENGTH)
  if (ids.includes(id)) throw new UsageError(`job ${id}: it cannot depend on itself`)
  if (dueAt !== undefined) {
    throw new UsageError(`job ${id}: it can wait for a time or for other jobs, not for both; enqueue it later instead`)
  }
}

export function assertSchedule({ name, hash, nextAt }: ScheduleDefinition): void {
  assertText(name, 'schedule name', MAX_ID_LENGTH)
  assertText(hash, `schedule ${name}: hash`, MAX_ID_LENGTH)
  assertTime(nextAt, `schedule ${name}: nextAt`)
}

export function assertSuspension(ttlMs: number): void {
  if (!(Number.isFinite(ttlMs) && ttlMs > 0)) {
    throw new UsageError(`a suspension must last for milliseconds above 0, or be without an end, got ${ttlMs}`)
  }
}

export function assertExchange(params: JobExchangeParams): void {
  assertText(params.worker, 'worker name', MAX_ID_LENGTH)
  for (const queue of params.queues) assertQueueName(queue)
  if (!Number.isInteger(params.limit) || params.limit < 0) {
    throw new UsageError(`limit must be a whole number from 0 up, got ${params.limit}`)
  }
  assertLease(params.leaseMs)
  for (const outcome of params.outcomes) {
    if ('enqueue' in outcome) for (const job of outcome.enqueue ?? []) assertNewJob(job)
  }
}

export function assertLease(leaseMs: number): void {
  if (!(Number.isFinite(leaseMs) && leaseMs > 0)) {
    throw new UsageError(`leaseMs must be a number of milliseconds above 0, got ${leaseMs}`)
  }
}

export function assertList(params: JobListParams): void {
  if (!Number.isInteger(params.limit) || params.limit < 1 || params.limit > MAX_PAGE) {
    throw new UsageError(`limit must be a whole number from 1 to ${MAX_PAGE}, got ${params.limit}`)
  }
  if (params.queue !== undefined) assertQueueName(params.queue)
}

function assertText(value: unknown, what: string, maxLength: number): void {
  if (typeof value === 'string' && value !== '' && value.length <= maxLength) return
  const seen = typeof value === 'string' ? `one of ${value.length} characters` : typeof value
  throw new UsageError(`${what} must be a string of 1 to ${maxLength} characters, got ${seen}`)
}

function assertTime(value: number, what: string): void {
  if (!Number.isFinite(value)) throw new UsageError(`${what} must be Unix milliseconds, got ${value}`)
}

function assertCount(value: number, what: string, least = 1): void {
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`${what} must be a whole number from ${least} up, got ${value}`)
}

function assertDelay(value: number, what: string): void {
  if (!(Number.isFinite(value) && value >= 0))
    throw new UsageError(`${what} must be milliseconds from 0 up, got ${value}`)
}

function assertTtl(value: number, what: string): void {
  if (value === UNLIMITED || (Number.isFinite(value) && value > 0)) return
  throw new UsageError(`${what} must be milliseconds above 0, or ${UNLIMITED} for no limit, got ${value}`)
}

function assertDuration(value: number, what: string): void {
  if (isDuration(value)) return
  throw new UsageError(`${what} must be milliseconds from 0 up, or ${UNLIMITED} for no limit, got ${value}`)
}
