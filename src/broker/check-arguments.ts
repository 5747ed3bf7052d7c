import { UsageError } from '../errors.ts'
import { assertQueueName } from '../job/queue-name.ts'
import { type NewJob, UNLIMITED } from '../job/record.ts'
import type { JobExchangeParams, JobListParams } from './broker.ts'

/** Checks that all brokers make of what their callers pass, so that every broker refuses alike. */

const MAX_PAGE = 1000
const MAX_ID_LENGTH = 500

export function assertNewJob(job: NewJob): void {
  assertText(job.id, 'job id', MAX_ID_LENGTH)
  assertText(job.name, 'job name', MAX_ID_LENGTH)
  assertQueueName(job.queue)
  if (typeof job.args !== 'string')
    throw new UsageError(`job ${job.id}: args must be JSON text, got ${typeof job.args}`)
  assertTime(job.createdAt, `job ${job.id}: createdAt`)
  if (job.dueAt !== undefined) assertTime(job.dueAt, `job ${job.id}: dueAt`)
  assertDuration(job.timeoutMs, `job ${job.id}: timeoutMs`)
  assertDuration(job.resultTtlMs, `job ${job.id}: resultTtlMs`)
  assertDuration(job.failureTtlMs, `job ${job.id}: failureTtlMs`)
}

export function assertExchange(params: JobExchangeParams): void {
  assertText(params.worker, 'worker name', MAX_ID_LENGTH)
  for (const queue of params.queues) assertQueueName(queue)
  if (!Number.isInteger(params.limit) || params.limit < 0) {
    throw new UsageError(`limit must be a whole number from 0 up, got ${params.limit}`)
  }
  assertLease(params.leaseMs)
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

function assertDuration(value: number, what: string): void {
  if (value === UNLIMITED || (Number.isFinite(value) && value >= 0)) return
  throw new UsageError(`${what} must be milliseconds from 0 up, or ${UNLIMITED} for no limit, got ${value}`)
}
