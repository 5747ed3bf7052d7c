import { UsageError } from '../../errors.ts'
import type { JobRecord } from '../../job/record.ts'
import { isJobState, JOB_STATES, type JobState } from '../../job/states.ts'
import { nearest } from '../../support/did-you-mean.ts'
import type { JobListParams, JobPage } from '../broker.ts'
import { decodeCall } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import { formatTime, parseMicroseconds } from './codec/times.ts'
import type { Reply } from './connection.ts'
import { listed } from './exchange.ts'
import { readState, toRecord } from './record.ts'
import { asList, asNumber, asText, asTexts } from './reply.ts'
import type { Store } from './store.ts'

/** Ids that one step looks at. */
const CHUNK = 1000

interface Place {
  readonly micros: number
  readonly id: string
}

/** The registries of RQ that hold the jobs of a state, and its list; stopped ones are among the failed. */
const REGISTRIES: Readonly<Record<JobState, string>> = {
  queued: 'queue',
  started: 'wip',
  finished: 'finished',
  failed: 'failed',
  stopped: 'failed',
  deferred: 'deferred',
  scheduled: 'scheduled',
  canceled: 'canceled',
}

/**
 * Newest first. RQ keeps no list of jobs by age, so the server looks through all that could be listed, in short steps, and
 * hands over what is newer than what was found so far: a matter for people, never for workers. A page begins below the age
 * and id of the last job seen, so jobs that come or go shift nothing.
 */
export async function listJobs(store: Store, params: JobListParams): Promise<JobPage> {
  if (params.state !== undefined) checkState(params.state)
  const before = params.cursor === undefined ? undefined : decodeCursor(params.cursor)
  let newest: Place[] = []
  for await (const { registry, queue, from, goOn } of stretches(store, params)) {
    const last = newest.length > params.limit ? newest.at(-1) : undefined
    const { looked, places } = await scan(store, params, { registry, queue, from, oldest: last, newest: before })
    goOn(looked === CHUNK)
    const known = new Set(newest.map(({ id }) => id))
    const fresh = places.filter((place) => !known.has(place.id) && (before === undefined || isNewer(before, place)))
    if (fresh.length === 0) continue
    newest = [...newest, ...new Map(fresh.map((place) => [place.id, place])).values()]
      .sort((a, b) => (isNewer(a, b) ? -1 : 1))
      .slice(0, params.limit + 1)
  }
  const page = newest.slice(0, params.limit)
  const jobs = await fetchJobs(
    store,
    page.map(({ id }) => id),
  )
  const last = page.at(-1)
  return { jobs, ...(newest.length > params.limit && last !== undefined ? { cursor: encodeCursor(last) } : {}) }
}

export async function fetchJobs(store: Store, ids: readonly string[]): Promise<JobRecord[]> {
  const replies = asList(await store.run('job-fetch', () => listed(ids)))
  return replies.flatMap((reply, index) => toRecord(ids[index] ?? '', reply) ?? [])
}

interface Stretch {
  readonly registry: string
  readonly queue: string
  readonly from: number
  /** Whether the same registry has more. */
  readonly goOn: (more: boolean) => void
}

async function* stretches(store: Store, { state, queue }: JobListParams): AsyncGenerator<Stretch> {
  const registries = new Set(state === undefined ? Object.values(REGISTRIES) : [REGISTRIES[state]])
  for (const name of queue === undefined ? await queueNames(store) : [queue]) {
    for (const registry of registries) {
      let more = true
      const goOn = (isMore: boolean) => {
        more = isMore
      }
      for (let from = 0; more; from += CHUNK) yield { registry, queue: name, from, goOn }
    }
  }
}

export async function queueNames(store: Store): Promise<string[]> {
  const head = store.keys.queue('')
  return asTexts(await store.command('SMEMBERS', store.keys.queues)).map((key) => key.slice(head.length))
}

interface Scan extends Pick<Stretch, 'registry' | 'queue' | 'from'> {
  readonly oldest: Place | undefined
  readonly newest: Place | undefined
}

async function scan(store: Store, { state, name }: JobListParams, { registry, queue, from, oldest, newest }: Scan) {
  const data = name === undefined ? '' : '1'
  const args = [registry, queue, from, CHUNK, state ?? '', data, secondOf(oldest), secondOf(newest)]
  const [looked, found] = asList(await store.run('job-scan', () => args))
  const places = asList(found).flatMap((reply): Place[] => {
    const [id, createdAt, status, call] = asList(reply)
    if (state !== undefined && readState(asText(status)) !== state) return []
    if (name !== undefined && nameOf(call) !== name) return []
    return [{ micros: parseMicroseconds(asText(createdAt)) ?? 0, id: asText(id) }]
  })
  return { looked: asNumber(looked), places }
}

/** As the first 19 characters of a time have it. */
function secondOf(place: Place | undefined): string {
  return place === undefined ? '' : formatTime(Math.floor(place.micros / 1000)).slice(0, 19)
}

function nameOf(data: Reply | undefined): string | undefined {
  try {
    return Buffer.isBuffer(data) ? decodeCall(data).name : undefined
  } catch (error) {
    if (error instanceof PayloadError) return undefined
    throw error
  }
}

function isNewer(a: Place, b: Place): boolean {
  return a.micros !== b.micros ? a.micros > b.micros : a.id > b.id
}

function checkState(state: string): void {
  if (isJobState(state)) return
  const near = nearest(state, JOB_STATES)
  throw new UsageError(
    `unknown job state '${state}'${near === undefined ? '' : `, did you mean '${near}'?`}; states are ${JOB_STATES.join(', ')}`,
  )
}

function encodeCursor({ micros, id }: Place): string {
  return Buffer.from(`${micros}|${id}`).toString('base64url')
}

function decodeCursor(cursor: string): Place {
  const match = /^(-?\d{1,17})\|(.+)$/su.exec(Buffer.from(cursor, 'base64url').toString())
  if (match === null) {
    throw new UsageError(`'${cursor}' is not a cursor of a job list; pass the one that the page before gave`)
  }
  return { micros: Number(match[1]), id: match[2] ?? '' }
}
