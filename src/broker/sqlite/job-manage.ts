import { JobNotFoundError, JobStateError } from '../../errors.ts'
import type { JobRecord } from '../../job/record.ts'
import { type JobState, nextState } from '../../job/states.ts'
import type { Connection } from './connection.ts'
import { endOfQueue } from './position.ts'
import { RECORD_COLUMNS, RECORD_JOINS, type RecordRow, toRecord } from './record.ts'

const FETCH = `SELECT ${RECORD_COLUMNS} FROM jobs j ${RECORD_JOINS} WHERE j.id = ?`

export function fetchJob(connection: Connection, id: string): JobRecord | undefined {
  const row = connection.get<RecordRow>(FETCH, id)
  return row === undefined ? undefined : toRecord(row)
}

const REQUEUE = `UPDATE jobs SET state = 'queued', position = ?, at_front = 0, enqueued_at = ?, attempts = 0, abandonments = 0,
  due_at = NULL, started_at = NULL, ended_at = NULL, expires_at = NULL, lease_until = NULL,
  progress = NULL, worker = NULL, execution_id = NULL WHERE seq = ?`

/** @throws JobNotFoundError, @throws JobStateError */
export function requeueJob(connection: Connection, id: string, now: number): void {
  const job = findJob(connection, id)
  if (nextState(job.state, 'requeue') === undefined) {
    const what = job.state === 'queued' ? 'it waits in its queue already' : 'wait until it has ended, then requeue it'
    throw new JobStateError(id, job.state, what)
  }
  connection.run('DELETE FROM job_outcomes WHERE seq = ?', job.seq)
  connection.run(REQUEUE, endOfQueue(connection, job.queue, now), now, job.seq)
}

/** @throws JobNotFoundError, @throws JobStateError */
export function deleteJob(connection: Connection, id: string): void {
  const job = findJob(connection, id)
  if (job.state === 'started')
    throw new JobStateError(id, job.state, 'stop it or wait until it has ended, then delete it')
  connection.run('DELETE FROM jobs WHERE seq = ?', job.seq)
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
