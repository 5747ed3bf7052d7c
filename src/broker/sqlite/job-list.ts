import { UsageError } from '../../errors.ts'
import { isJobState, JOB_STATES, type JobState } from '../../job/states.ts'
import { nearest } from '../../support/did-you-mean.ts'
import type { JobListParams, JobPage } from '../broker.ts'
import type { Connection } from './connection.ts'
import type { SqliteValue } from './driver.ts'
import { RECORD_COLUMNS, RECORD_JOINS, type RecordRow, toRecord } from './record.ts'

/** Newest first. A page begins below the number of the last job seen, so jobs that come or go shift nothing. */
export function listJobs(connection: Connection, params: JobListParams): JobPage {
  const terms: string[] = ['j.seq < ?']
  const values: SqliteValue[] = [params.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(params.cursor)]
  let source = 'jobs j'
  if (params.state !== undefined) {
    const state = checkState(params.state)
    source += ` INDEXED BY ${indexOf(state)}`
    // As literals: only so does SQLite see that a partial index holds what is asked for.
    terms.push(`j.state = '${state}'`)
    if (indexOf(state) === 'jobs_settled') terms.push(`j.state NOT IN ('queued', 'started')`)
  }
  if (params.queue !== undefined) {
    terms.push('j.queue = ?')
    values.push(params.queue)
  }
  if (params.name !== undefined) {
    terms.push('j.name = ?')
    values.push(params.name)
  }
  const page = `SELECT j.seq FROM ${source} WHERE ${terms.join(' AND ')} ORDER BY j.seq DESC LIMIT ?`
  const rows = connection.all<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM jobs j ${RECORD_JOINS} WHERE j.seq IN (${page}) ORDER BY j.seq DESC`,
    ...values,
    params.limit + 1,
  )
  const jobs = rows.slice(0, params.limit)
  const last = jobs.at(-1)
  const more = rows.length > params.limit && last !== undefined
  return { jobs: jobs.map(toRecord), ...(more ? { cursor: encodeCursor(last.seq) } : {}) }
}

function indexOf(state: JobState): string {
  return state === 'queued' || state === 'started' ? `jobs_${state}` : 'jobs_settled'
}

function checkState(state: string): JobState {
  if (isJobState(state)) return state
  const near = nearest(state, JOB_STATES)
  throw new UsageError(
    `unknown job state '${state}'${near === undefined ? '' : `, did you mean '${near}'?`}; states are ${JOB_STATES.join(', ')}`,
  )
}

function encodeCursor(seq: number): string {
  return Buffer.from(`seq:${seq}`).toString('base64url')
}

function decodeCursor(cursor: string): number {
  const seq = /^seq:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  if (seq === undefined)
    throw new UsageError(`'${cursor}' is not a cursor of a job list; pass the one that the page before gave`)
  return Number(seq)
}
