import { DuplicateJobError } from '../../errors.ts'
import type { NewJob } from '../../job/record.ts'
import { insertRows } from './bulk.ts'
import type { Connection } from './connection.ts'
import type { SqliteValue } from './driver.ts'
import { endOfQueue, frontOfQueue } from './position.ts'
import { isUniqueViolation } from './sqlite-error.ts'

const JOB_COLUMNS =
  'jobs (seq, id, name, queue, state, position, at_front, created_at, enqueued_at, due_at, timeout_ms, result_ttl_ms, failure_ttl_ms)'

/** Stores jobs in the order given: queued, or scheduled where they are due later. @throws DuplicateJobError */
export function insertJobs(connection: Connection, jobs: readonly NewJob[], now: number): void {
  const places = new Places(connection, jobs, now)
  const first = (connection.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM jobs')?.seq ?? 0) + 1
  const rows = jobs.map((job, index) => toRow(job, first + index, places.next(job), now))
  try {
    insertRows(connection, JOB_COLUMNS, rows)
  } catch (error) {
    throw isUniqueViolation(error, 'jobs.id') ? new DuplicateJobError(findDuplicate(connection, jobs, first)) : error
  }
  insertRows(
    connection,
    'job_args (seq, args)',
    jobs.map((job, index) => [first + index, job.args]),
  )
  insertRows(
    connection,
    'job_metas (seq, meta)',
    jobs.flatMap((job, index) => (job.meta === undefined ? [] : [[first + index, job.meta]])),
  )
}

/** True where the job has to wait for its time. */
export function isDueLater(job: NewJob, now: number): boolean {
  return job.dueAt !== undefined && job.dueAt > now
}

function toRow(job: NewJob, seq: number, position: number, now: number): SqliteValue[] {
  const later = isDueLater(job, now)
  return [
    seq,
    job.id,
    job.name,
    job.queue,
    later ? 'scheduled' : 'queued',
    position,
    job.atFront === true ? 1 : 0,
    Math.round(job.createdAt),
    later ? null : now,
    job.dueAt === undefined ? null : Math.round(job.dueAt),
    Math.round(job.timeoutMs),
    Math.round(job.resultTtlMs),
    Math.round(job.failureTtlMs),
  ]
}

/** Hands out places, looking up the ends of each queue once. A batch keeps its order at the front too. */
class Places {
  readonly #connection: Connection
  readonly #now: number
  readonly #toFront = new Map<string, number>()
  readonly #next = new Map<string, number>()

  constructor(connection: Connection, jobs: readonly NewJob[], now: number) {
    this.#connection = connection
    this.#now = now
    for (const { queue, atFront } of jobs) {
      if (atFront === true) this.#toFront.set(queue, (this.#toFront.get(queue) ?? 0) + 1)
    }
  }

  next(job: NewJob): number {
    const front = job.atFront === true
    const key = front ? `front ${job.queue}` : job.queue
    const place = this.#next.get(key) ?? this.#lookUp(job.queue, front)
    this.#next.set(key, place + 1)
    return place
  }

  #lookUp(queue: string, front: boolean): number {
    const count = this.#toFront.get(queue) ?? 0
    if (front) return frontOfQueue(this.#connection, queue, count, this.#now)
    // In an empty queue the front would be made from the same clock: stay behind what this batch puts there.
    return endOfQueue(this.#connection, queue, this.#now) + count
  }
}

/** Rows from number `first` on are of this very batch, inserted before the one that failed. */
function findDuplicate(connection: Connection, jobs: readonly NewJob[], first: number): string {
  const seen = new Set<string>()
  for (const { id } of jobs) {
    if (seen.has(id) || connection.get('SELECT 1 FROM jobs WHERE id = ? AND seq < ?', id, first) !== undefined)
      return id
    seen.add(id)
  }
  throw new Error('[BUG] an id exists twice, but none of the batch does')
}
