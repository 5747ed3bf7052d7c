import { createHash } from 'node:crypto'
import { join } from 'node:path'

/**
 * How profiles of single executions lie in their folder: `JOB/TIME-JOBID-EXECUTIONID.json.gz`. Names say all that is needed to find
 * and to prune them; ids are hashed, for a job's id may be anything.
 */
export interface StoredName {
  readonly at: number
  readonly job: string
  readonly execution: string
}

const PATTERN = /^(\d+)-([0-9a-f]{16})-([0-9a-f]{16})\.json\.gz$/

/** The folder of a job's profiles. */
export function folderOfJob(folder: string, jobName: string): string {
  // Readable where it can be, and never another job's.
  return join(folder, `${jobName.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 80)}-${mark(jobName)}`)
}

export function fileNameOf(at: number, jobId: string, executionId: string): string {
  return `${at}-${mark(jobId)}-${mark(executionId)}.json.gz`
}

/** Undefined for what is no profile. */
export function parseFileName(name: string): StoredName | undefined {
  const [, at, job = '', execution = ''] = PATTERN.exec(name) ?? []
  return at === undefined ? undefined : { at: Number(at), job, execution }
}

/** What stands for an id in file names. */
export function mark(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16)
}
