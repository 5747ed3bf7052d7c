import { randomBytes } from 'node:crypto'
import type { ClaimedJob } from '../../job/record.ts'
import { updateJobs } from './bulk.ts'
import type { Connection } from './connection.ts'
import { decodeForClaim } from './job-options.ts'
import { present } from './record.ts'
import { suspendedUntil } from './suspension.ts'

export interface ClaimParams {
  readonly worker: string
  readonly queues: readonly string[]
  readonly limit: number
  readonly leaseMs: number
}

interface ClaimableRow {
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly args: string
  readonly meta: string | null
  readonly attempts: number
  readonly abandonments: number
  readonly timeout_ms: number
  readonly created_at: number
  readonly enqueued_at: number
  readonly options: string | null
  readonly retries_left: number | null
  readonly repeats_left: number | null
}

/** Jobs whose time to live is over are forgotten by the next maintenance, and not started meanwhile. */
const FRESH = '(expires_at IS NULL OR expires_at > ?)'
const NOT_PAUSED = 'NOT EXISTS (SELECT 1 FROM queues WHERE name = ? AND paused = 1)'

// A bare LIMIT ? would have SQLite plan the statement anew at every call, which costs five times as much as running it.
const CLAIMABLE = `
SELECT seq, id, name, attempts, abandonments, timeout_ms, created_at, enqueued_at, options, retries_left, repeats_left,
  (SELECT args FROM job_args WHERE job_args.seq = jobs.seq) AS args,
  (SELECT meta FROM job_metas WHERE job_metas.seq = jobs.seq) AS meta
FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND queue = ? AND ${FRESH} ORDER BY position
LIMIT CASE WHEN ${NOT_PAUSED} THEN ? ELSE 0 END`

const START = `UPDATE jobs SET state = 'started', worker = ?, execution_id = ? || seq, started_at = ?, lease_until = ?,
  expires_at = NULL, attempts = attempts + 1`

/**
 * Takes jobs from the queues, strictly one queue after the other; none while the broker is suspended.
 * @param now the time of day, @param leaseNow the same instant by the clock of leases
 */
export function claimJobs(connection: Connection, params: ClaimParams, now: number, leaseNow: number): ClaimedJob[] {
  if (params.limit === 0 || suspendedUntil(connection, now) !== undefined) return []
  // Unguessable in front, so that no two claims ever name an execution alike; the job's own number makes it one per job.
  const claim = `${randomBytes(9).toString('base64url')}-`
  const claimed: ClaimedJob[] = []
  const numbers: number[] = []
  for (const queue of params.queues) {
    const room = params.limit - claimed.length
    if (room <= 0) break
    for (const row of connection.all<ClaimableRow>(CLAIMABLE, queue, now, queue, room)) {
      claimed.push(toClaimed(row, queue, `${claim}${row.seq}`, now))
      numbers.push(row.seq)
    }
  }
  updateJobs(connection, START, [params.worker, claim, now, leaseNow + Math.ceil(params.leaseMs)], numbers)
  return claimed
}

const ANY_CLAIMABLE = `
SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND queue = ? AND ${FRESH})
  AND ${NOT_PAUSED} AS yes`

/** True where a claim of these queues would get something, were the broker not suspended. */
export function anyClaimable(connection: Connection, queues: readonly string[], now: number): boolean {
  return queues.some((queue) => connection.get<{ yes: number }>(ANY_CLAIMABLE, queue, now, queue)?.yes === 1)
}

function toClaimed(row: ClaimableRow, queue: string, executionId: string, startedAt: number): ClaimedJob {
  return {
    id: row.id,
    name: row.name,
    queue,
    args: row.args,
    executionId,
    attempt: row.attempts + 1,
    timeoutMs: row.timeout_ms,
    createdAt: row.created_at,
    enqueuedAt: row.enqueued_at,
    startedAt,
    ...(row.abandonments > 0 ? { abandonments: row.abandonments } : {}),
    ...present('meta', row.meta),
    ...decodeForClaim(row),
  }
}
