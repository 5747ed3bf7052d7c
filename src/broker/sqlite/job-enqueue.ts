import { DuplicateJobError } from '../../errors.ts'
import type { JobDependencies } from '../../job/policies.ts'
import { type NewJob, UNLIMITED } from '../../job/record.ts'
import { isEnded, type JobState } from '../../job/states.ts'
import { insertRows } from './bulk.ts'
import type { Connection } from './connection.ts'
import type { SqliteValue } from './driver.ts'
import { encodeOptions } from './job-options.ts'
import { endOfQueue, frontOfQueue } from './position.ts'
import { isUniqueViolation } from './sqlite-error.ts'

const JOB_COLUMNS =
  'id, name, queue, state, position, at_front, created_at, enqueued_at, due_at, timeout_ms, result_ttl_ms, failure_ttl_ms'
const PLAIN = `jobs (seq, ${JOB_COLUMNS})`
const SPECIAL = `jobs (seq, ${JOB_COLUMNS}, options, ttl_ms, expires_at, retries_left, repeats_left)`

/**
 * Stores jobs in the order given: queued; scheduled where they are due later; deferred where they have to wait for
 * others. Returns the ids of unique jobs that were there already.
 * @throws DuplicateJobError
 */
export function insertJobs(connection: Connection, jobs: readonly NewJob[], now: number): string[] {
  const duplicates = jobs.some(({ unique }) => unique === true) ? dropDuplicates(connection, jobs, now) : undefined
  insertAll(connection, duplicates?.kept ?? jobs, now)
  return duplicates?.dropped ?? []
}

/** Stores those jobs whose ids are free, or unique and ended. */
export function insertMissingJobs(connection: Connection, jobs: readonly NewJob[], now: number): void {
  const seen = new Set<string>()
  const missing = jobs.filter(({ id, unique }) => {
    const taken =
      seen.has(id) || (unique !== true && connection.get('SELECT 1 FROM jobs WHERE id = ?', id) !== undefined)
    seen.add(id)
    return !taken
  })
  insertJobs(connection, missing, now)
}

function insertAll(connection: Connection, jobs: readonly NewJob[], now: number): void {
  if (jobs.length === 0) return
  const places = new Places(connection, jobs, now)
  const first = (connection.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM jobs')?.seq ?? 0) + 1
  const plain: SqliteValue[][] = []
  const special: SqliteValue[][] = []
  const batch = new Set<string>()
  jobs.forEach((job, index) => {
    const seq = first + index
    const waits = job.dependsOn !== undefined && waitFor(connection, seq, job.dependsOn, batch)
    const state = waits ? 'deferred' : isDueLater(job, now) ? 'scheduled' : 'queued'
    const row = toRow(job, seq, state, places.next(job), now)
    const options = encodeOptions(job)
    if (options === null) plain.push(row)
    else special.push([...row, options, ...toSpecialColumns(job, state, now)])
    if (job.group !== undefined) connection.run('INSERT INTO job_groups (name, seq) VALUES (?, ?)', job.group, seq)
    batch.add(job.id)
  })
  try {
    insertRows(connection, PLAIN, plain)
    insertRows(connection, SPECIAL, special)
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

function toRow(job: NewJob, seq: number, state: JobState, position: number, now: number): SqliteValue[] {
  return [
    seq,
    job.id,
    job.name,
    job.queue,
    state,
    position,
    job.atFront === true || job.dependsOn?.atFront === true ? 1 : 0,
    Math.round(job.createdAt),
    state === 'queued' ? now : null,
    job.dueAt === undefined ? null : Math.round(job.dueAt),
    Math.round(job.timeoutMs),
    Math.round(job.resultTtlMs),
    Math.round(job.failureTtlMs),
  ]
}

/** Time to live and counters; the time begins when the job is queued. */
function toSpecialColumns({ ttlMs, retry, repeat }: NewJob, state: JobState, now: number): SqliteValue[] {
  const ttl = ttlMs === undefined || ttlMs === UNLIMITED ? null : Math.round(ttlMs)
  const expiresAt = ttl === null || state !== 'queued' ? null : now + ttl
  return [ttl, expiresAt, retry?.max ?? null, repeat?.times ?? null]
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

interface DependencyRow {
  readonly state: JobState
}

/** Notes what job number `seq` has to wait for. False where that is nothing. */
function waitFor(
  connection: Connection,
  seq: number,
  dependencies: JobDependencies,
  batch: ReadonlySet<string>,
): boolean {
  const allowFailure = dependencies.allowFailure === true
  const unmet = [...new Set(dependencies.jobIds)].filter((id) => {
    if (batch.has(id)) return true
    const state = connection.get<DependencyRow>('SELECT state FROM jobs WHERE id = ?', id)?.state
    return state !== undefined && state !== 'finished' && !(allowFailure && state === 'failed')
  })
  const rows = unmet.map((id) => [id, seq, allowFailure ? 1 : 0])
  insertRows(connection, 'job_dependencies (depends_on, seq, allow_failure)', rows)
  return rows.length > 0
}

interface UniqueRow extends DependencyRow {
  readonly expires_at: number | null
}

/** Drops unique jobs that are there already, and makes room for those whose predecessor has ended. */
function dropDuplicates(
  connection: Connection,
  jobs: readonly NewJob[],
  now: number,
): { readonly kept: readonly NewJob[]; readonly dropped: string[] } {
  const dropped: string[] = []
  const seen = new Set<string>()
  const kept = jobs.filter(({ id, unique }) => {
    if (unique !== true) return seen.add(id)
    const other = connection.get<UniqueRow>('SELECT state, expires_at FROM jobs WHERE id = ?', id)
    const isOver = other !== undefined && (isEnded(other.state) || (other.expires_at ?? now + 1) <= now)
    const taken = seen.has(id) || (other !== undefined && !isOver)
    if (taken) dropped.push(id)
    else if (isOver) connection.run('DELETE FROM jobs WHERE id = ?', id)
    seen.add(id)
    return !taken
  })
  return { kept, dropped }
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
