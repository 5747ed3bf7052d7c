import { UsageError } from '../../errors.ts'
import type { ScheduleFireParams, ScheduleRecord, ScheduleSync, ScheduleSyncParams } from '../schedule.ts'
import type { Connection } from './connection.ts'
import { insertMissingJobs } from './job-enqueue.ts'
import { present } from './record.ts'

interface ScheduleRow {
  readonly name: string
  readonly owner: string
  readonly hash: string
  readonly spec: string
  readonly job: string
  readonly next_at: number
  readonly last_at: number | null
  readonly last_job_id: string | null
}

export function listSchedules(connection: Connection): ScheduleRecord[] {
  return connection.all<ScheduleRow>('SELECT * FROM schedules ORDER BY name').map((row) => ({
    name: row.name,
    owner: row.owner,
    hash: row.hash,
    spec: row.spec,
    job: row.job,
    nextAt: row.next_at,
    ...present('lastAt', row.last_at),
    ...present('lastJobId', row.last_job_id),
  }))
}

const PUT = `INSERT INTO schedules (name, owner, hash, spec, job, next_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, spec = excluded.spec, job = excluded.job, next_at = excluded.next_at`

/** @throws UsageError where a name is another owner's */
export function syncSchedules(connection: Connection, { owner, definitions }: ScheduleSyncParams): ScheduleSync {
  const known = new Map(listSchedules(connection).map((schedule) => [schedule.name, schedule]))
  const added: string[] = []
  const changed: string[] = []
  for (const { name, hash, spec, job, nextAt } of definitions) {
    const before = known.get(name)
    if (before !== undefined && before.owner !== owner)
      throw new UsageError(belongsToAnother(name, before.owner, owner))
    if (before?.hash === hash) continue
    ;(before === undefined ? added : changed).push(name)
    connection.run(PUT, name, owner, hash, spec, job, nextAt)
  }
  const wanted = new Set(definitions.map(({ name }) => name))
  const removed = [...known.values()].filter((schedule) => schedule.owner === owner && !wanted.has(schedule.name))
  for (const { name } of removed) deleteSchedule(connection, name)
  return { added: added.sort(), changed: changed.sort(), removed: removed.map(({ name }) => name) }
}

function belongsToAnother(name: string, theirs: string, ours: string): string {
  return `schedule '${name}' belongs to '${theirs}', and '${ours}' wants to define it, too; rename one of them, or, where the owner has got another name, run: workhorse schedule delete ${name}`
}

const FIRE = `UPDATE schedules SET next_at = ?, last_at = ?, last_job_id = coalesce(?, last_job_id)
  WHERE name = ? AND hash = ? AND next_at = ? RETURNING name`

/** False where somebody else was first, or the schedule is another by now. */
export function fireSchedule(connection: Connection, params: ScheduleFireParams, now: number): boolean {
  const { name, hash, expectedAt, nextAt, job } = params
  if (connection.get(FIRE, nextAt, expectedAt, job?.id ?? null, name, hash, expectedAt) === undefined) return false
  if (job !== undefined) insertMissingJobs(connection, [job], now)
  return true
}

export function deleteSchedule(connection: Connection, name: string): boolean {
  return connection.get('DELETE FROM schedules WHERE name = ? RETURNING name', name) !== undefined
}
