import { abandonedFailure } from '../abandoned.ts'
import type { PoisonedJob } from '../broker.ts'
import type { Connection } from './connection.ts'
import { cancelDependents, resolveDependents } from './dependents.ts'
import { fetchJob } from './job-manage.ts'
import { groupByQueue } from './job-outcome.ts'
import { endOfQueue, frontOfQueue } from './position.ts'

/** Jobs that one transaction moves: few enough that other processes hardly notice, enough that a backlog goes quickly. */
export const BATCH = 200

export interface DueWork {
  /** When the next scheduled job becomes due. */
  readonly nextDueAt: number | null
  /** By the clock of leases, as `nextWorkerGone`. */
  readonly nextLeaseEnd: number | null
  readonly nextExpiry: number | null
  readonly nextWorkerGone: number | null
}

const DUE_WORK = `SELECT
  (SELECT min(due_at) FROM jobs INDEXED BY jobs_scheduled WHERE state = 'scheduled') AS nextDueAt,
  (SELECT min(lease_until) FROM jobs INDEXED BY jobs_started WHERE state = 'started') AS nextLeaseEnd,
  (SELECT min(expires_at) FROM jobs INDEXED BY jobs_expiring WHERE expires_at IS NOT NULL) AS nextExpiry,
  (SELECT min(gone_at) FROM workers) AS nextWorkerGone`

/** What maintenance will have to do and when; reading it takes no lock. */
export function dueWork(connection: Connection): DueWork {
  return (
    connection.get<DueWork>(DUE_WORK) ?? { nextDueAt: null, nextLeaseEnd: null, nextExpiry: null, nextWorkerGone: null }
  )
}

interface ScheduledRow {
  readonly seq: number
  readonly queue: string
  readonly at_front: number
  readonly position: number
}

const DUE = `SELECT seq, queue, at_front, position FROM jobs INDEXED BY jobs_scheduled
  WHERE state = 'scheduled' AND due_at <= ? ORDER BY due_at, position LIMIT ${BATCH}`

// The time to live is that until the first start: a retry has it behind itself.
const PROMOTE = `UPDATE jobs SET state = 'queued', position = ?, enqueued_at = ?,
  expires_at = CASE WHEN attempts = 0 THEN ? + ttl_ms END WHERE seq = ?`

/** Queues scheduled jobs whose time has come, in the order in which they became due. Returns how many. */
export function promoteDue(connection: Connection, now: number): number {
  const due = connection.all<ScheduledRow>(DUE, now)
  for (const { seq, queue, at_front } of due) {
    const position = at_front === 1 ? frontOfQueue(connection, queue, 1, now) : endOfQueue(connection, queue, now)
    connection.run(PROMOTE, position, now, now, seq)
  }
  return due.length
}

interface AbandonedRow {
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly position: number
  readonly worker: string
  readonly abandonments: number
  readonly failure_ttl_ms: number
  readonly has_callback: number
}

export interface Reclaimed {
  readonly reclaimed: { readonly jobId: string; readonly worker: string }[]
  readonly poisoned: PoisonedJob[]
  /** Jobs queued because they waited for one that failed now. */
  readonly freed: number
}

const ABANDONED = `SELECT seq, id, name, queue, position, worker, abandonments, failure_ttl_ms,
  json_extract(options, '$.callbacks.failure') IS NOT NULL AS has_callback FROM jobs INDEXED BY jobs_started
  WHERE state = 'started' AND lease_until <= ? LIMIT ${BATCH}`

const RECLAIM = `UPDATE jobs SET state = 'queued', position = ?, enqueued_at = ?, abandonments = abandonments + 1,
  execution_id = NULL, started_at = NULL, lease_until = NULL, progress = NULL WHERE seq = ?`

/** Takes jobs back from workers that let their lease run out: to the front of their queue, or out as poison. */
export function reclaimAbandoned(
  connection: Connection,
  maxAbandonments: number,
  now: number,
  leaseNow: number,
): Reclaimed {
  const abandoned = connection.all<AbandonedRow>(ABANDONED, leaseNow)
  const again = abandoned.filter((row) => row.abandonments < maxAbandonments)
  const poisoned = abandoned.filter((row) => row.abandonments >= maxAbandonments)
  for (const group of groupByQueue(again)) {
    let place = frontOfQueue(connection, group.queue, group.rows.length, now)
    for (const { seq } of group.rows) connection.run(RECLAIM, place++, now, seq)
  }
  let freed = 0
  const gone: PoisonedJob[] = poisoned.map((row) => {
    const job = { jobId: row.id, worker: row.worker }
    poison(connection, row, now)
    const record = row.has_callback === 1 ? fetchJob(connection, row.id) : undefined
    freed += settlePoisoned(connection, row, now)
    return record === undefined ? job : { ...job, record }
  })
  return { reclaimed: again.map(({ id, worker }) => ({ jobId: id, worker })), poisoned: gone, freed }
}

/** Forgets it where it is kept for no time, and lets those go on that waited for it. */
function settlePoisoned(connection: Connection, { seq, id, failure_ttl_ms }: AbandonedRow, now: number): number {
  const freed = resolveDependents(connection, id, 'failed', now)
  if (failure_ttl_ms === 0) {
    connection.run('DELETE FROM jobs WHERE seq = ?', seq)
    cancelDependents(connection, id, now)
  }
  return freed
}

const POISON = `UPDATE jobs SET state = 'failed', abandonments = abandonments + 1, ended_at = ?, expires_at = ?,
  lease_until = NULL WHERE seq = ?`

function poison(connection: Connection, row: AbandonedRow, now: number): void {
  connection.run(POISON, now, row.failure_ttl_ms < 0 ? null : now + row.failure_ttl_ms, row.seq)
  connection.run(
    'INSERT INTO job_outcomes (seq, failure) VALUES (?, ?)',
    row.seq,
    JSON.stringify(abandonedFailure(row.id, row.name, row.worker, row.abandonments + 1)),
  )
}

const FORGET = `DELETE FROM jobs WHERE seq IN (
  SELECT seq FROM jobs INDEXED BY jobs_expiring WHERE expires_at <= ? ORDER BY expires_at LIMIT ${BATCH}) RETURNING seq`

/** Forgets jobs that were kept long enough. Returns how many. */
export function forgetExpired(connection: Connection, now: number): number {
  return connection.all(FORGET, now).length
}
