import type { WorkerHeartbeatParams, WorkerInfo, WorkerRegistration, WorkerState } from '../broker.ts'
import type { Connection } from './connection.ts'

interface WorkerRow {
  readonly name: string
  readonly hostname: string
  readonly pid: number
  readonly queues: string
  readonly concurrency: number
  readonly isolation: string
  readonly version: string
  readonly started_at: number
  readonly state: WorkerState
  readonly heartbeat_at: number
  readonly finished: number
  readonly failed: number
}

const REGISTER = `INSERT OR REPLACE INTO workers
  (name, hostname, pid, queues, concurrency, isolation, version, started_at, state, heartbeat_at, gone_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'starting', ?, ?)`

export function registerWorker(
  connection: Connection,
  worker: WorkerRegistration,
  now: number,
  leaseNow: number,
): void {
  const { name, hostname, pid, concurrency, isolation, version, startedAt, ttlMs } = worker
  const queues = JSON.stringify(worker.queues)
  connection.run(
    REGISTER,
    name,
    hostname,
    pid,
    queues,
    concurrency,
    isolation,
    version,
    startedAt,
    now,
    leaseNow + ttlMs,
  )
}

const HEARTBEAT = `UPDATE workers SET state = ?, finished = ?, failed = ?, heartbeat_at = ?, gone_at = ?
  WHERE name = ? RETURNING name`

/** False where the worker was forgotten meanwhile. */
export function recordHeartbeat(
  connection: Connection,
  params: WorkerHeartbeatParams,
  now: number,
  leaseNow: number,
): boolean {
  const { name, state, finished, failed, ttlMs } = params
  return connection.get(HEARTBEAT, state, finished, failed, now, leaseNow + ttlMs, name) !== undefined
}

export function resizeWorker(connection: Connection, { name, concurrency }: WorkerRegistration): void {
  connection.run('UPDATE workers SET concurrency = ? WHERE name = ?', concurrency, name)
}

export function unregisterWorker(connection: Connection, name: string): void {
  connection.run('DELETE FROM workers WHERE name = ?', name)
}

export function forgetGoneWorkers(connection: Connection, leaseNow: number): void {
  connection.run('DELETE FROM workers WHERE gone_at <= ?', leaseNow)
}

const RUNNING = `SELECT worker, id FROM jobs INDEXED BY jobs_started WHERE state = 'started' ORDER BY started_at, seq`

/** Workers heard of within their time to live, longest running first. */
export function listWorkers(connection: Connection, leaseNow: number): WorkerInfo[] {
  const running = new Map<string, string[]>()
  for (const { worker, id } of connection.all<{ worker: string; id: string }>(RUNNING)) {
    const ids = running.get(worker)
    if (ids === undefined) running.set(worker, [id])
    else ids.push(id)
  }
  const rows = connection.all<WorkerRow>('SELECT * FROM workers WHERE gone_at > ? ORDER BY started_at, name', leaseNow)
  return rows.map((row) => ({
    name: row.name,
    hostname: row.hostname,
    pid: row.pid,
    queues: JSON.parse(row.queues) as string[],
    concurrency: row.concurrency,
    isolation: row.isolation,
    version: row.version,
    startedAt: row.started_at,
    state: row.state,
    heartbeatAt: row.heartbeat_at,
    finished: row.finished,
    failed: row.failed,
    running: running.get(row.name) ?? [],
  }))
}
