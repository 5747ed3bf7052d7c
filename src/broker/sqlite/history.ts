import type { JobFailure } from '../../job/failure.ts'
import type { Bill, JobResultEntry } from '../../job/record.ts'
import type { Connection } from './connection.ts'
import { present } from './record.ts'

/** Ends of a job's executions that are kept. */
const KEPT = 10

export interface HistoryEntry {
  readonly seq: number
  readonly type: JobResultEntry['type']
  readonly at: number
  readonly executionId: string | null
  readonly worker: string | null
  /** JSON text. */
  readonly result: string | null
  /** JSON text. */
  readonly failure: string | null
  /** JSON text. */
  readonly bill: string | null
}

const REMEMBER = `INSERT INTO job_results (seq, type, at, execution_id, worker, result, failure, bill)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

const TRIM = `DELETE FROM job_results WHERE seq = ? AND number <=
  (SELECT number FROM job_results WHERE seq = ? ORDER BY number DESC LIMIT 1 OFFSET ${KEPT})`

/** Keeps the end of an execution that is not the job's last. */
export function remember(connection: Connection, entry: HistoryEntry): void {
  const { seq, type, at, executionId, worker, result, failure, bill } = entry
  connection.run(REMEMBER, seq, type, at, executionId, worker, result, failure, bill)
  connection.run(TRIM, seq, seq)
}

interface ResultRow {
  readonly type: JobResultEntry['type']
  readonly at: number
  readonly execution_id: string | null
  readonly worker: string | null
  readonly result: string | null
  readonly failure: string | null
  readonly bill: string | null
}

const LAST = `SELECT j.seq, j.state AS type, j.ended_at AS at, j.execution_id, j.worker, o.result, o.failure, o.bill
  FROM jobs j JOIN job_outcomes o ON o.seq = j.seq WHERE j.id = ? AND j.state IN ('finished', 'failed', 'stopped')`

const EARLIER = `SELECT r.type, r.at, r.execution_id, r.worker, r.result, r.failure, r.bill
  FROM job_results r JOIN jobs j ON j.seq = r.seq WHERE j.id = ? ORDER BY r.number DESC LIMIT ${KEPT}`

export function listResults(connection: Connection, id: string): JobResultEntry[] {
  const rows = [...connection.all<ResultRow>(LAST, id), ...connection.all<ResultRow>(EARLIER, id)]
  return rows.slice(0, KEPT).map((row) => ({
    type: row.type,
    at: row.at,
    ...present('executionId', row.execution_id),
    ...present('worker', row.worker),
    ...present('result', row.result),
    ...(row.failure === null ? {} : { failure: JSON.parse(row.failure) as JobFailure }),
    ...(row.bill === null ? {} : { bill: JSON.parse(row.bill) as Bill }),
  }))
}

/** Moves the last end to the earlier ones, for the job is going to run again. */
export function archiveOutcome(connection: Connection, id: string): void {
  const last = connection.get<ResultRow & { seq: number }>(LAST, id)
  if (last === undefined) return
  const { seq, type, at, execution_id: executionId, worker, result, failure, bill } = last
  remember(connection, { seq, type, at, executionId, worker, result, failure, bill })
  connection.run('DELETE FROM job_outcomes WHERE seq = ?', seq)
}
