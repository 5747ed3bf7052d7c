import type { ExecutionOutcome } from '../broker.ts'
import type { Connection } from './connection.ts'
import { remember } from './history.ts'
import { endOfQueue, frontOfQueue } from './position.ts'

interface AgainRow {
  readonly queue: string
  readonly worker: string
  readonly execution_id: string
  readonly retries_left: number | null
  readonly repeats_left: number | null
}

const AGAIN = `UPDATE jobs SET state = ?, position = ?, at_front = ?, enqueued_at = ?, due_at = ?,
  retries_left = retries_left - ?, repeats_left = repeats_left - ?,
  worker = NULL, execution_id = NULL, started_at = NULL, lease_until = NULL, progress = NULL WHERE seq = ?`

/** Gives a job another execution where its outcome asks for one. False where none is asked for, or none is left. */
export function runAgain(connection: Connection, seq: number, outcome: ExecutionOutcome, now: number): boolean {
  const retry = outcome.type === 'failed' ? outcome.retry : undefined
  const repeat = outcome.type === 'finished' ? outcome.repeat : undefined
  const wanted = retry ?? repeat
  if (wanted === undefined) return false
  const sql = 'SELECT queue, worker, execution_id, retries_left, repeats_left FROM jobs WHERE seq = ?'
  const row = connection.get<AgainRow>(sql, seq) as AgainRow
  const left = retry === undefined ? row.repeats_left : row.retries_left
  if (left === null || left <= 0) return false
  remember(connection, {
    seq,
    type: retry === undefined ? 'finished' : 'retried',
    at: now,
    executionId: row.execution_id,
    worker: row.worker,
    result: outcome.type === 'finished' ? outcome.result : null,
    failure: outcome.type === 'failed' ? JSON.stringify(outcome.failure) : null,
    bill: outcome.bill === undefined ? null : JSON.stringify(outcome.bill),
  })
  const later = wanted.delayMs > 0
  const front = retry?.atFront === true
  const position = front ? frontOfQueue(connection, row.queue, 1, now) : endOfQueue(connection, row.queue, now)
  connection.run(
    AGAIN,
    later ? 'scheduled' : 'queued',
    position,
    front ? 1 : 0,
    later ? null : now,
    later ? now + Math.ceil(wanted.delayMs) : null,
    retry === undefined ? 0 : 1,
    repeat === undefined ? 0 : 1,
    seq,
  )
  return true
}
