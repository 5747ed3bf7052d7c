import type { ExecutionOutcome } from '../broker.ts'
import { insertRows, updateJobs } from './bulk.ts'
import type { Connection } from './connection.ts'
import { anyDependents, cancelDependents, resolveDependents } from './dependents.ts'
import { runAgain } from './job-again.ts'
import { insertMissingJobs } from './job-enqueue.ts'
import { frontOfQueue } from './position.ts'

export interface OutcomesApplied {
  /** Execution ids. */
  readonly refused: string[]
  /** Some job ended: whoever waits for one looks. */
  readonly ended: boolean
  /** Some job came into a queue, or is due later: whoever waits for work looks. */
  readonly workCame: boolean
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
  let again = 0
  for (const outcome of outcomes) {
    // One call may bring two ends of an execution; the first counts.
    const first = !seen.has(outcome.executionId)
    seen.add(outcome.executionId)
    const row = first ? findHeld(connection, worker, outcome) : undefined
    if (row === undefined) refused.push(outcome.executionId)
    else if (outcome.type === 'released') released.push(row)
    else if (runAgain(connection, row.seq, outcome, now)) again++
    else ends.push({ outcome, ...row })
  }
  endAll(connection, ends, now)
  putBack(connection, released, now)
  const freed = settleDependents(connection, ends, now)
  const accepted = outcomes.filter(({ executionId }) => !refused.includes(executionId))
  const more = accepted.flatMap((outcome) => ('enqueue' in outcome ? (outcome.enqueue ?? []) : []))
  insertMissingJobs(connection, more, now)
  const workCame = again + released.length + freed + more.length > 0
  return { refused, ended: ends.length > 0, workCame }
}

export type ExecutionEnd = Exclude<ExecutionOutcome, { type: 'released' }>

interface HeldRow {
  readonly seq: number
  readonly ttl: number
}

interface PlacedRow extends HeldRow {
  readonly queue: string
  readonly position: number
}

interface End extends HeldRow {
  readonly outcome: ExecutionEnd
}

// Few columns on purpose: each costs about as much to hand over as the search.
const HELD = `FROM jobs WHERE id = ? AND execution_id = ? AND worker = ? AND state = 'started'`
const HELD_TO_FINISH = `SELECT seq, result_ttl_ms AS ttl ${HELD}`
const HELD_TO_FAIL = `SELECT seq, failure_ttl_ms AS ttl ${HELD}`
const HELD_TO_RELEASE = `SELECT seq, 0 AS ttl, queue, position ${HELD}`

/** Place and queue only for a release. */
function findHeld(connection: Connection, worker: string, outcome: ExecutionOutcome): PlacedRow | undefined {
  const { type, jobId, executionId } = outcome
  const sql = type === 'finished' ? HELD_TO_FINISH : type === 'released' ? HELD_TO_RELEASE : HELD_TO_FAIL
  return connection.get<PlacedRow>(sql, jobId, executionId, worker)
}

const FINISH = `UPDATE jobs SET state = 'finished', ended_at = ?, lease_until = NULL,
  expires_at = CASE WHEN result_ttl_ms < 0 THEN NULL ELSE ? + result_ttl_ms END`

const FAIL = `UPDATE jobs SET state = ?, ended_at = ?, lease_until = NULL,
  expires_at = CASE WHEN failure_ttl_ms < 0 THEN NULL ELSE ? + failure_ttl_ms END`

function endAll(connection: Connection, ends: readonly End[], now: number): void {
  const kept = ends.filter(({ ttl }) => ttl !== 0)
  updateJobs(connection, FINISH, [now, now], numbersOf(kept, 'finished'))
  for (const state of ['failed', 'stopped', 'canceled'] as const) {
    updateJobs(connection, FAIL, [state, now, now], numbersOf(kept, state))
  }
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
    'failure' in outcome ? JSON.stringify(outcome.failure) : null,
    outcome.bill === undefined ? null : JSON.stringify(outcome.bill),
  ]
}

/** Returns how many jobs are queued because nothing is left that they wait for. */
function settleDependents(connection: Connection, ends: readonly End[], now: number): number {
  if (ends.length === 0 || !anyDependents(connection)) return 0
  let queued = 0
  for (const { outcome, ttl } of ends) {
    const { jobId, type } = outcome
    if (type === 'finished') queued += resolveDependents(connection, jobId, 'met', now)
    if (type === 'failed') queued += resolveDependents(connection, jobId, 'failed', now)
    if (type !== 'finished' && ttl === 0) cancelDependents(connection, jobId, now)
  }
  return queued
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
