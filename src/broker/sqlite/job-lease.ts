import type { JobUpdateParams, LeaseRenewParams } from '../broker.ts'
import type { Connection } from './connection.ts'

const RENEW = `UPDATE jobs INDEXED BY jobs_started SET lease_until = ?
  WHERE state = 'started' AND worker = ? AND execution_id IN (SELECT value FROM json_each(?)) RETURNING execution_id`

/** Extends leases, also those that ran out unnoticed; returns the executions that are not this worker's any more. */
export function renewLeases(connection: Connection, params: LeaseRenewParams, leaseNow: number): string[] {
  const ids = params.executions.map(({ executionId }) => executionId)
  const leaseUntil = leaseNow + Math.ceil(params.leaseMs)
  const rows = connection.all<{ execution_id: string }>(RENEW, leaseUntil, params.worker, JSON.stringify(ids))
  const held = new Set(rows.map((row) => row.execution_id))
  return ids.filter((id) => !held.has(id))
}

const FIND_RUNNING = `SELECT seq FROM jobs WHERE id = ? AND execution_id = ? AND state = 'started'`

/** Stores what a running job says about itself. False where the execution does not run any more. */
export function updateRunning(connection: Connection, params: JobUpdateParams): boolean {
  const seq = connection.get<{ seq: number }>(FIND_RUNNING, params.jobId, params.executionId)?.seq
  if (seq === undefined) return false
  if (params.progress !== undefined) connection.run('UPDATE jobs SET progress = ? WHERE seq = ?', params.progress, seq)
  if (params.meta !== undefined) {
    connection.run('INSERT OR REPLACE INTO job_metas (seq, meta) VALUES (?, ?)', seq, params.meta)
  }
  return true
}
