import type { ExecutionOutcome } from '../broker.ts'
import { insertRows, updateJobs } from './bulk.ts'
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

/** Ends executions that `worker` still holds, whether or not their lease ran out meanwhile. */
export function applyOutcomes(
  connection: Connection,
  worker: string,
  outcomes: readonly ExecutionOutcome[],
  now: number,
): OutcomesApplied {
  const refused: string[] = []
  const ends: End[] = []
  const released: PlacedRow[] = []
  const seen = new Set<string>()
  for (const outcome of outcomes) {
    // One call may bring two ends of an execution; the first counts.
    const first = !seen.has(outcome.executionId)
    seen.add(outcome.executionId)
    if (outcome.type === 'released') {
      const row = first ? findPlace(connection, worker, outcome) : undefined
      if (row === undefined) refused.push(outcome.executionId)
      else released.push(row)
    } else {
      const row = first ? findHeld(connection, worker, outcome) : undefined
      if (row === undefined) refused.push(outcome.executionId)
      else ends.push({ ...row, outcome })
    }
  }
  endAll(connection, ends, now)
  putBack(connection, released, now)
  return { refused, ended: ends.length > 0, released: released.length > 0 }
}

type ExecutionEnd = Exclude<ExecutionOutcome, { type: 'released' }>

interface HeldRow {
  readonly seq: number
  readonly ttl: number
}

interface End extends HeldRow {
  readonly outcome: ExecutionEnd
}

// Few columns on purpose: each costs about as much to hand over as the search.
const HELD = `WHERE id = ? AND execution_id = ? AND worker = ? AND state = 'started'`
const HELD_TO_FINISH = `SELECT seq, result_ttl_ms AS ttl FROM jobs ${HELD}`
const HELD_TO_FAIL = `SELECT seq, failure_ttl_ms AS ttl FROM jobs ${HELD}`

function findHeld(connection: Connection, worker: string, outcome: ExecutionEnd): HeldRow | undefined {
  const sql = outcome.type === 'finished' ? HELD_TO_FINISH : HELD_TO_FAIL
  return connection.get<HeldRow>(sql, outcome.jobId, outcome.executionId, worker)
}

const FINISH = `UPDATE jobs SET state = 'finished', ended_at = ?, lease_until = NULL,
  expires_at = CASE WHEN result_ttl_ms < 0 THEN NULL ELSE ? + result_ttl_ms END`

const FAIL = `UPDATE jobs SET state = 'failed', ended_at = ?, lease_until = NULL,
  expires_at = CASE WHEN failure_ttl_ms < 0 THEN NULL ELSE ? + failure_ttl_ms END`

function endAll(connection: Connection, ends: readonly End[], now: number): void {
  const kept = ends.filter(({ ttl }) => ttl !== 0)
  updateJobs(connection, FINISH, [now, now], numbersOf(kept, 'finished'))
  updateJobs(connection, FAIL, [now, now], numbersOf(kept, 'failed'))
  insertRows(connection, 'job_outcomes (seq, result, failure, bill)', kept.map(toOutcomeRow))
  for (const { seq, ttl } of ends) {
    if (ttl === 0) connection.run('DELETE FROM jobs WHERE seq = ?', seq)
  }
}

function numbersOf(ends: readonly End[], type: ExecutionEnd['type']): number[] {
  return ends.filter(({ outcome }) => outcome.type === type).map(({ seq }) => seq)
}

function toOutcomeRow({ seq, outcome }: End): [number, string | null, string | null, string | null] {
  return [
    seq,
    outcome.type === 'finished' ? outcome.result : null,
    outcome.type === 'failed' ? JSON.stringify(outcome.failure) : null,
    outcome.bill === undefined ? null : JSON.stringify(outcome.bill),
  ]
}

interface PlacedRow {
  readonly seq: number
  readonly queue: string
  readonly position: number
}

function findPlace(connection: Connection, worker: string, outcome: ExecutionOutcome): PlacedRow | undefined {
  const sql = `SELECT seq, queue, position FROM jobs ${HELD}`
  return connection.get<PlacedRow>(sql, outcome.jobId, outcome.executionId, worker)
}

const RELEASE = `UPDATE jobs SET state = 'queued', position = ?, attempts = attempts - 1, enqueued_at = ?,
  worker = NULL, execution_id = NULL, started_at = NULL, lease_until = NULL, progress = NULL WHERE seq = ?`

/** To the front of each job's queue, in the order in which they stood there before. */
function putBack(connection: Connection, released: readonly PlacedRow[], now: number): void {
  for (const group of groupByQueue(released)) {
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
