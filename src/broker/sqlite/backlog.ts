import type { QueueBacklog } from '../broker.ts'
import type { Connection } from './connection.ts'
import { suspendedUntil } from './suspension.ts'

/** Beyond this nobody wants to know it exactly. */
const MOST = 1000

const WAITING = `SELECT count(*) AS waiting FROM (SELECT 1 FROM jobs INDEXED BY jobs_queued
  WHERE state = 'queued' AND queue = ? AND (expires_at IS NULL OR expires_at > ?) LIMIT ${MOST})`

const FIRST = `SELECT enqueued_at FROM jobs INDEXED BY jobs_queued
  WHERE state = 'queued' AND queue = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY position LIMIT 1`

const PAUSED = 'SELECT 1 AS yes FROM queues WHERE name = ? AND paused = 1'

/** What could be claimed from the queues. */
export function measureBacklog(connection: Connection, queues: readonly string[], now: number): QueueBacklog {
  const all = { waiting: 0, oldestMs: 0 }
  if (suspendedUntil(connection, now) !== undefined) return all
  for (const queue of queues) {
    const first = connection.get<{ enqueued_at: number }>(FIRST, queue, now)
    if (first === undefined || connection.get(PAUSED, queue) !== undefined) continue
    all.waiting += connection.get<{ waiting: number }>(WAITING, queue, now)?.waiting ?? 0
    all.oldestMs = Math.max(all.oldestMs, now - first.enqueued_at)
  }
  return all
}
