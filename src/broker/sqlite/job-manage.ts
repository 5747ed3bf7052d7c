import { JobNotFoundError, JobStateError } from '../../errors.ts'
import type { JobRecord } from '../../job/record.ts'
import { type JobState, nextState } from '../../job/states.ts'
import type { JobCancelOptions } from '../broker.ts'
import type { Connection } from './connection.ts'
import { anyDependents, cancelBySeq, cancelDependents, resolveDependents } from './dependents.ts'
import { archiveOutcome } from './history.ts'
import { endOfQueue } from './position.ts'
import { RECORD_COLUMNS, RECORD_JOINS, type RecordRow, toRecord } from './record.ts'

const FETCH = `SELECT ${RECORD_COLUMNS} FROM jobs j ${RECORD_JOINS} WHERE j.id = ?`

export function fetchJob(connection: Connection, id: string): JobRecord | undefined {
  const row = connection.get<RecordRow>(FETCH, id)
  return row === undefined ? undefined : toRecord(row)
}

const REQUEUE = `UPDATE jobs SET state = 'queued', position = ?, at_front = 0, enqueued_at = ?, expires_at = ? + ttl_ms, attempts = 0, abandonments = 0,
  due_at = NULL, started_at = NULL, ended_at = NULL, lease_until = NULL,
  progress = NULL, worker = NULL, execution_id = NULL,
  retries_left = json_extract(options, '$.retry.max'), repeats_left = json_extract(options, '$.repeat.times')
  WHERE seq = ?`

/** @throws JobNotFoundError, @throws JobStateError */
export function requeueJob(connection: Connection, id: string, now: number): void {
  const job = findJob(connection, id)
  if (nextState(job.state, 'requeue') === undefined) {
    const what = job.state === 'queued' ? 'it waits in its queue already' : 'wait until it has ended, then requeue it'
    throw new JobStateError(id, job.state, what)
  }
  archiveOutcome(connection, id)
  connection.run('DELETE FROM job_outcomes WHERE seq = ?', job.seq)
  connection.run('DELETE FROM job_dependencies WHERE seq = ?', job.seq)
  connection.run(REQUEUE, endOfQueue(connection, job.queue, now), now, now, job.seq)
}

/** @throws JobNotFoundError, @throws JobStateError */
export function deleteJob(connection: Connection, id: string, now: number): void {
  const job = findJob(connection, id)
  if (job.state === 'started')
    throw new JobStateError(id, job.state, 'stop it or wait until it has ended, then delete it')
  connection.run('DELETE FROM jobs WHERE seq = ?', job.seq)
  if (job.state !== 'finished') cancelDependents(connection, id, now)
}

/**
 * Cancels a job that does not run. Returns how many jobs are queued for it.
 * @throws JobNotFoundError, @throws JobStateError
 */
export function cancelJob(connection: Connection, id: string, options: JobCancelOptions, now: number): number {
  const job = findJob(connection, id)
  if (job.state === 'started') throw new JobStateError(id, job.state, 'it runs; its worker has to be told')
  if (nextState(job.state, 'cancel') === undefined) {
    throw new JobStateError(id, job.state, 'it has ended; there is nothing to cancel')
  }
  const queued = options.enqueueDependents === true ? resolveDependents(connection, id, 'met', now) : 0
  cancelBySeq(connection, job.seq, now)
  return queued
}

const QUEUED = `SELECT seq, id FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND queue = ? AND seq <= ? LIMIT ?`

/** Deletes up to `limit` jobs that wait in `queue`. Returns how many. */
export function emptyQueue(connection: Connection, queue: string, lastSeq: number, limit: number, now: number): number {
  const rows = connection.all<{ seq: number; id: string }>(QUEUED, queue, lastSeq, limit)
  const waitedFor = anyDependents(connection)
  for (const { seq, id } of rows) {
    connection.run('DELETE FROM jobs WHERE seq = ?', seq)
    if (waitedFor) cancelDependents(connection, id, now)
  }
  return rows.length
}

/** The number of the job stored last. */
export function lastJob(connection: Connection): number {
  return connection.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM jobs')?.seq ?? 0
}

interface FoundJob {
  readonly seq: number
  readonly queue: string
  readonly state: JobState
}

function findJob(connection: Connection, id: string): FoundJob {
  const job = connection.get<FoundJob>('SELECT seq, queue, state FROM jobs WHERE id = ?', id)
  if (job === undefined) throw new JobNotFoundError(id)
  return job
}
