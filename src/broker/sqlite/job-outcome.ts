import type { ExecutionOutcome } from '../broker.ts'
import type { Connection } from './connection.ts'
import { frontOfQueue } from './position.ts'

export interface OutcomesApplied {
  /** Execution ids. */
  readonly refused: string[]
  /** Some job ended: whoever waits for one looks. */
  readonly ended: boolean
  /** Some job is back in its queue. */
  readonly released: boolean
}

const HELD = `WHERE id = ? AND execution_id = ? AND worker = ? AND state = 'started'`

const FINISH = `UPDATE jobs SET state = 'finished', ended_at = ?1, lease_until = NULL,
  expires_at = CASE WHEN result_ttl_ms < 0 THEN NULL ELSE ?1 + result_ttl_ms END
  ${HELD} RETURNING seq, result_ttl_ms AS ttl`

const FAIL = `UPDATE jobs SET state = 'failed', ended_at = ?1, lease_until = NULL,
  expires_at = CASE WHEN failure_ttl_ms < 0 THEN NULL ELSE ?1 + failure_ttl_ms END
  ${HELD} RETURNING seq, failure_ttl_ms AS ttl`

const FIND_HELD = `SELECT seq, queue, position FROM jobs ${HELD}`

const RELEASE = `UPDATE jobs SET state = 'queued', position = ?, attempts = attempts - 1, enqueued_at = ?,
  worker = NULL, execution_id = NULL, started_at = NULL, lease_until = NULL, progress = NULL WHERE seq = ?`

interface HeldRow {
  readonly seq: number
  readonly queue: string
  readonly position: number
}

/** Ends executions that `worker` still holds, whether or not their lease ran out meanwhile. */
export function applyOutcomes(
  connection: Connection,
  worker: string,
  outcomes: readonly ExecutionOutcome[],
  now: number,
): OutcomesApplied {
  const refused: string[] = []
  const released: HeldRow[] = []
  let ended = false
  for (const outcome of outcomes) {
    if (outcome.type === 'released') {
      const held = connection.get<HeldRow>(FIND_HELD, outcome.jobId, outcome.executionId, worker)
      if (held === undefined) refused.push(outcome.executionId)
      else released.push(held)
    } else if (endExecution(connection, worker, outcome, now)) {
      ended = true
    } else {
      refused.push(outcome.executionId)
    }
  }
  putBack(connection, released, now)
  return { refused, ended, released: released.length > 0 }
}

function endExecution(
  connection: Connection,
  worker: string,
  outcome: Exclude<ExecutionOutcome, { type: 'released' }>,
  now: number,
): boolean {
  const sql = outcome.type === 'finished' ? FINISH : FAIL
  const row = connection.get<{ seq: number; ttl: number }>(sql, now, outcome.jobId, outcome.executionId, worker)
  if (row === undefined) return false
  if (row.ttl === 0) {
    connection.run('DELETE FROM jobs WHERE seq = ?', row.seq)
    return true
  }
  storeOutcome(
    connection,
    row.seq,
    outcome.type === 'finished' ? outcome.result : null,
    outcome.type === 'failed' ? JSON.stringify(outcome.failure) : null,
    outcome.bill === undefined ? null : JSON.stringify(outcome.bill),
  )
  return true
}

export function storeOutcome(
  connection: Connection,
  seq: number,
  result: string | null,
  failure: string | null,
  bill: string | null,
): void {
  connection.run('INSERT OR REPLACE INTO job_outcomes (seq, result, failure, bill) VALUES (?, ?, ?, ?)', seq, result, failure, bill)
}

/** To the front of each job's queue, in the order in which they stood there before. */
function putBack(connection: Connection, held: HeldRow[], now: number): void {
  for (const group of groupByQueue(held)) {
    let place = frontOfQueue(connection, group.queue, group.rows.length, now)
    for (const { seq } of group.rows) connection.run(RELEASE, place++, now, seq)
  }
}

/** Rows by their queue, in each the order in which they stood in it. */
export function groupByQueue<Row extends { readonly queue: string; readonly position: number }>(
  rows: readonly Row[],
): { readonly queue: string; readonly rows: Row[] }[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.queue)
    if (group === undefined) groups.set(row.queue, [row])
    else group.push(row)
  }
  return [...groups].map(([queue, group]) => ({ queue, rows: group.sort((a, b) => a.position - b.position) }))
}
