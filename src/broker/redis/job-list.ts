import { UsageError } from '../../errors.ts'
import type { JobRecord } from '../../job/record.ts'
import { isJobState, JOB_STATES, type JobState } from '../../job/states.ts'
import { nearest } from '../../support/did-you-mean.ts'
import type { JobListParams, JobPage } from '../broker.ts'
import { decodeCall } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import { parseMicroseconds } from './codec/times.ts'
import type { Reply } from './connection.ts'
import { listed } from './exchange.ts'
import { readState, toRecord } from './record.ts'
import { asList, asText, asTexts } from './reply.ts'
import type { Store } from './store.ts'

/** Ids that one command reads. */
const CHUNK = 1000

interface Place {
  readonly micros: number
  readonly id: string
}

/** The registries of RQ that hold the jobs of a state; stopped ones are among the failed. */
const REGISTRIES: Readonly<Record<Exclude<JobState, 'queued'>, string>> = {
  started: 'wip',
  finished: 'finished',
  failed: 'failed',
  stopped: 'failed',
  deferred: 'deferred',
  scheduled: 'scheduled',
  canceled: 'canceled',
}

/**
 * Newest first. RQ keeps no list of jobs by age, so all that could be listed is looked through, page by page: a matter for
 * people, never for workers. A page begins below the age and id of the last job seen, so jobs that come or go shift nothing.
 */
export async function listJobs(store: Store, params: JobListParams): Promise<JobPage> {
  if (params.state !== undefined) checkState(params.state)
  const before = params.cursor === undefined ? undefined : decodeCursor(params.cursor)
  let newest: Place[] = []
  const seen = new Set<string>()
  for await (const ids of idsOf(store, params)) {
    const fresh = ids.filter((id) => !seen.has(id))
    for (const id of fresh) seen.add(id)
    const places = await lookUp(store, fresh, params)
    newest = [...newest, ...places.filter((place) => before === undefined || isNewer(before, place))]
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

async function* idsOf(store: Store, { state, queue }: JobListParams): AsyncGenerator<string[]> {
  const { keys } = store
  const queues = queue === undefined ? await queueNames(store) : [queue]
  for (const name of queues) {
    if (state === undefined || state === 'queued') {
      for (let from = 0; ; from += CHUNK) {
        const ids = asTexts(await store.command('LRANGE', keys.queue(name), from, from + CHUNK - 1))
        yield ids
        if (ids.length < CHUNK) break
      }
    }
    const registries = new Set(
      Object.values(state === undefined ? REGISTRIES : state === 'queued' ? {} : { [state]: REGISTRIES[state] }),
    )
    for (const registry of registries) {
      for (let from = 0; ; from += CHUNK) {
        const members = asTexts(await store.command('ZRANGE', keys.registry(registry, name), from, from + CHUNK - 1))
        yield registry === 'wip' ? members.map((member) => member.replace(/:[^:]+$/, '')) : members
        if (members.length < CHUNK) break
      }
    }
  }
}

export async function queueNames(store: Store): Promise<string[]> {
  const head = store.keys.queue('')
  return asTexts(await store.command('SMEMBERS', store.keys.queues)).map((key) => key.slice(head.length))
}

async function lookUp(store: Store, ids: readonly string[], { state, name }: JobListParams): Promise<Place[]> {
  if (ids.length === 0) return []
  const replies = asList(await store.run('job-brief', () => [name === undefined ? '' : '1', ...listed(ids)]))
  return replies.flatMap((reply, index) => {
    if (reply === null) return []
    const [createdAt, status, data] = asList(reply)
    if (state !== undefined && readState(asText(status)) !== state) return []
    if (name !== undefined && nameOf(data) !== name) return []
    return [{ micros: parseMicroseconds(asText(createdAt)) ?? 0, id: ids[index] ?? '' }]
  })
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
