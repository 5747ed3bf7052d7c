import { randomBytes } from 'node:crypto'
import type { ClaimedJob } from '../../job/record.ts'
import type { Connection } from './connection.ts'
import { present } from './record.ts'

export interface ClaimParams {
  readonly worker: string
  readonly queues: readonly string[]
  readonly limit: number
  readonly leaseMs: number
}

interface ClaimedRow {
  readonly position: number
  readonly id: string
  readonly name: string
  readonly args: string
  readonly meta: string | null
  readonly execution_id: string
  readonly attempts: number
  readonly timeout_ms: number
  readonly created_at: number
  readonly enqueued_at: number
}

const CLAIM = `
UPDATE jobs SET state = 'started', worker = ?1, execution_id = ?2 || seq, started_at = ?3, lease_until = ?4,
  attempts = attempts + 1, progress = NULL
WHERE seq IN (
  SELECT seq FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND queue = ?5 ORDER BY position
  LIMIT CASE WHEN EXISTS (SELECT 1 FROM queues WHERE name = ?5 AND paused = 1) THEN 0 ELSE ?6 END
)
RETURNING position, id, name, execution_id, attempts, timeout_ms, created_at, enqueued_at,
  (SELECT args FROM job_args WHERE job_args.seq = jobs.seq) AS args,
  (SELECT meta FROM job_metas WHERE job_metas.seq = jobs.seq) AS meta`

/** Takes jobs from the queues, strictly one queue after the other. */
export function claimJobs(connection: Connection, params: ClaimParams, now: number): ClaimedJob[] {
  const claimed: ClaimedJob[] = []
  // Unguessable in front, so that no two claims ever name an execution alike; the job's own number makes it one per job.
  const claim = `${randomBytes(9).toString('base64url')}-`
  const leaseUntil = now + Math.ceil(params.leaseMs)
  for (const queue of params.queues) {
    const room = params.limit - claimed.length
    if (room <= 0) break
    const rows = connection.all<ClaimedRow>(CLAIM, params.worker, claim, now, leaseUntil, queue, room)
    // RETURNING promises no order.
    rows.sort((a, b) => a.position - b.position)
    for (const row of rows) claimed.push(toClaimed(row, queue))
  }
  return claimed
}

const ANY_CLAIMABLE = `
SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND queue = ?1) AND
  NOT EXISTS (SELECT 1 FROM queues WHERE name = ?1 AND paused = 1) AS claimable`

/** True where a claim of these queues would get something. */
export function anyClaimable(connection: Connection, queues: readonly string[]): boolean {
  return queues.some((queue) => connection.get<{ claimable: number }>(ANY_CLAIMABLE, queue)?.claimable === 1)
}

function toClaimed(row: ClaimedRow, queue: string): ClaimedJob {
  return {
    id: row.id,
    name: row.name,
    queue,
    args: row.args,
    executionId: row.execution_id,
    attempt: row.attempts,
    timeoutMs: row.timeout_ms,
    createdAt: row.created_at,
    enqueuedAt: row.enqueued_at,
    ...present('meta', row.meta),
  }
}
