import type { JobFailure } from '../../job/failure.ts'
import type { Bill, JobRecord } from '../../job/record.ts'
import type { JobState } from '../../job/states.ts'
import { decodeForRecord } from './job-options.ts'

/** Columns and joins of a whole job; the job is `j`. */
export const RECORD_COLUMNS = `j.seq, j.id, j.name, j.queue, j.state, j.created_at, j.enqueued_at, j.due_at, j.started_at, j.ended_at,
  j.expires_at, j.timeout_ms, j.result_ttl_ms, j.failure_ttl_ms, j.attempts, j.abandonments, j.progress, j.worker, j.execution_id,
  j.options, j.retries_left, j.repeats_left, a.args, m.meta, o.result, o.failure, o.bill`

export const RECORD_JOINS = `LEFT JOIN job_args a ON a.seq = j.seq
  LEFT JOIN job_metas m ON m.seq = j.seq
  LEFT JOIN job_outcomes o ON o.seq = j.seq`

export interface RecordRow {
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly state: JobState
  readonly created_at: number
  readonly enqueued_at: number | null
  readonly due_at: number | null
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly expires_at: number | null
  readonly timeout_ms: number
  readonly result_ttl_ms: number
  readonly failure_ttl_ms: number
  readonly attempts: number
  readonly abandonments: number
  readonly progress: number | null
  readonly worker: string | null
  readonly execution_id: string | null
  readonly options: string | null
  readonly retries_left: number | null
  readonly repeats_left: number | null
  readonly args: string
  readonly meta: string | null
  readonly result: string | null
  readonly failure: string | null
  readonly bill: string | null
}

export function toRecord(row: RecordRow): JobRecord {
  return {
    id: row.id,
    name: row.name,
    queue: row.queue,
    state: row.state,
    args: row.args,
    createdAt: row.created_at,
    timeoutMs: row.timeout_ms,
    resultTtlMs: row.result_ttl_ms,
    failureTtlMs: row.failure_ttl_ms,
    attempts: row.attempts,
    abandonments: row.abandonments,
    ...present('meta', row.meta),
    ...present('progress', row.progress),
    ...present('enqueuedAt', row.enqueued_at),
    ...present('dueAt', row.due_at),
    ...present('startedAt', row.started_at),
    ...present('endedAt', row.ended_at),
    ...present('expiresAt', row.expires_at),
    ...present('worker', row.worker),
    ...present('executionId', row.execution_id),
    ...present('result', row.result),
    ...(row.failure === null ? {} : { failure: JSON.parse(row.failure) as JobFailure }),
    ...(row.bill === null ? {} : { bill: JSON.parse(row.bill) as Bill }),
    ...decodeForRecord(row),
  }
}

/** A property that is there only where it has a value: absent and undefined are told apart. */
export function present<K extends string, V>(key: K, value: V | null): { [P in K]?: V } {
  return value === null ? {} : ({ [key]: value } as { [P in K]: V })
}
