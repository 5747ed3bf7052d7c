import type { Connection } from './connection.ts'
import { endOfQueue, frontOfQueue } from './position.ts'

/** True where any job waits for another: where none does, ends of jobs need not look for dependents. */
export function anyDependents(connection: Connection): boolean {
  return connection.get('SELECT 1 FROM job_dependencies LIMIT 1') !== undefined
}

export function listDependents(connection: Connection, id: string): string[] {
  const sql = `SELECT j.id FROM job_dependencies d JOIN jobs j ON j.seq = d.seq
    WHERE d.depends_on = ? AND j.state = 'deferred'`
  return connection.all<{ id: string }>(sql, id).map((row) => row.id)
}

/** What a job of this id has become, for those that wait for it. */
export type DependencyEnd = 'met' | 'failed'

/** Queues the jobs that have nothing left to wait for now that `id` has ended so. Returns how many. */
export function resolveDependents(connection: Connection, id: string, end: DependencyEnd, now: number): number {
  const only = end === 'failed' ? ' AND allow_failure = 1' : ''
  const sql = `DELETE FROM job_dependencies WHERE depends_on = ?${only} RETURNING seq`
  const freed = connection.all<{ seq: number }>(sql, id).sort((a, b) => a.seq - b.seq)
  let queued = 0
  for (const { seq } of freed) {
    if (!hasMoreToWaitFor(connection, seq) && queueDeferred(connection, seq, now)) queued++
  }
  return queued
}

/** What has been forgotten meanwhile counts as met. */
function hasMoreToWaitFor(connection: Connection, seq: number): boolean {
  const sql = 'SELECT 1 FROM job_dependencies d JOIN jobs j ON j.id = d.depends_on WHERE d.seq = ? LIMIT 1'
  return connection.get(sql, seq) !== undefined
}

const QUEUE = `UPDATE jobs SET state = 'queued', position = ?, enqueued_at = ?, expires_at = ? + ttl_ms WHERE seq = ?`

function queueDeferred(connection: Connection, seq: number, now: number): boolean {
  connection.run('DELETE FROM job_dependencies WHERE seq = ?', seq)
  const sql = `SELECT queue, at_front FROM jobs WHERE seq = ? AND state = 'deferred'`
  const job = connection.get<{ queue: string; at_front: number }>(sql, seq)
  if (job === undefined) return false
  const { queue, at_front } = job
  const position = at_front === 1 ? frontOfQueue(connection, queue, 1, now) : endOfQueue(connection, queue, now)
  connection.run(QUEUE, position, now, now, seq)
  return true
}

const CANCEL = `UPDATE jobs SET state = 'canceled', ended_at = ?,
  expires_at = CASE WHEN failure_ttl_ms < 0 THEN NULL ELSE ? + failure_ttl_ms END WHERE seq = ?`

/** Makes a job that does not run canceled, and forgets it where it is to be kept for no time. */
export function cancelBySeq(connection: Connection, seq: number, now: number): void {
  const sql = 'SELECT id, failure_ttl_ms AS ttl FROM jobs WHERE seq = ?'
  const { id, ttl } = connection.get<{ id: string; ttl: number }>(sql, seq) as { id: string; ttl: number }
  connection.run('DELETE FROM job_dependencies WHERE seq = ?', seq)
  if (ttl !== 0) {
    connection.run(CANCEL, now, now, seq)
    return
  }
  connection.run('DELETE FROM jobs WHERE seq = ?', seq)
  cancelDependents(connection, id, now)
}

/** For a job that is gone without having finished: those that wait for it would wait for ever. */
export function cancelDependents(connection: Connection, id: string, now: number): void {
  const rows = connection.all<{ seq: number }>('DELETE FROM job_dependencies WHERE depends_on = ? RETURNING seq', id)
  for (const { seq } of rows) {
    const waits = connection.get(`SELECT 1 FROM jobs WHERE seq = ? AND state = 'deferred'`, seq)
    if (waits !== undefined) cancelBySeq(connection, seq, now)
  }
}
