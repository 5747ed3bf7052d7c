import { UsageError } from '../../errors.ts'
import { type NewJob, UNLIMITED } from '../../job/record.ts'
import { compress, isSmall } from './codec/compress.ts'
import { callText, encodeCall, encodeValue, type Serializer } from './codec/payload.ts'
import { LIMITS } from './codec/payload-error.ts'
import { formatTime } from './codec/times.ts'
import type { Argument } from './connection.ts'

/** RQ's defaults are not written, as RQ does not write them. */
export const RQ_DEFAULTS = { timeoutMs: 180_000, resultTtlMs: 500_000, failureTtlMs: 365 * 86_400_000 } as const

/** What the broker carries for others to read, exactly as it was given: one JSON text, `wh_options`. */
export const CARRIED = ['retry', 'repeat', 'callbacks', 'dependsOn', 'isolation', 'limits'] as const

/** As scripts/lib/store.lua takes them: shapes, which jobs of one batch mostly share, and each job with its shape's number. */
export async function encodeJobs(jobs: readonly NewJob[], serializer: Serializer): Promise<Argument[]> {
  if (jobs.length === 0) return [0]
  const shapes: Argument[] = []
  const encoded: Argument[] = []
  let shapeCount = 0
  let last: NewJob | undefined
  for (const [index, job] of jobs.entries()) {
    assertSize(job)
    if (last === undefined || !haveOneShape(last, job)) {
      shapes.push(...encodeShape(job, serializer))
      shapeCount++
    }
    last = job
    const data = await encodeData(job, serializer)
    // Jobs of one batch keep their order in lists, too.
    const createdAt = formatTime(Math.round(job.createdAt), Math.min(index, 999))
    encoded.push(shapeCount, job.id, createdAt, data, describeCall(job))
  }
  return [jobs.length, shapeCount, ...shapes, ...encoded]
}

function assertSize({ id, args }: NewJob): void {
  if (args.length <= LIMITS.size) return
  throw new UsageError(
    `job ${id}: its arguments are ${args.length} characters, and Redis takes ${LIMITS.size}; store the data and pass its key`,
  )
}

/** Small JSON goes as text: a command without a Buffer in it is written in one piece. */
function encodeData({ name, args }: NewJob, serializer: Serializer): string | Buffer | Promise<Buffer> {
  if (serializer === 'json') {
    const text = callText(name, args)
    if (isSmall(text)) return text
  }
  return compress(encodeCall(name, args, serializer))
}

/** All of a job that `encodeShape` reads. */
const SHAPE = [
  'queue',
  'timeoutMs',
  'resultTtlMs',
  'failureTtlMs',
  'atFront',
  'unique',
  'dueAt',
  'ttlMs',
  'group',
  'meta',
  ...CARRIED,
] as const

function haveOneShape(a: NewJob, b: NewJob): boolean {
  return SHAPE.every((name) => a[name] === b[name])
}

function encodeShape(job: NewJob, serializer: Serializer): Argument[] {
  const fields = encodeFields(job, serializer)
  const waitsFor = [...new Set(job.dependsOn?.jobIds ?? [])]
  return [
    job.queue,
    `${isAtFront(job) ? 'f' : ''}${job.unique === true ? 'u' : ''}`,
    job.dueAt === undefined ? '' : Math.round(job.dueAt),
    job.ttlMs === undefined ? '' : Math.round(job.ttlMs),
    job.group ?? '',
    job.dependsOn?.allowFailure === true ? '1' : '',
    waitsFor.length,
    ...waitsFor,
    fields.length,
    ...fields,
  ]
}

function isAtFront(job: NewJob): boolean {
  return job.atFront === true || job.dependsOn?.atFront === true
}

function encodeFields(job: NewJob, serializer: Serializer): Argument[] {
  const fields: Argument[] = ['origin', job.queue]
  const add = (name: string, value: Argument | undefined) => {
    if (value !== undefined) fields.push(name, value)
  }
  addDuration(add, 'timeout', job.timeoutMs)
  if (job.resultTtlMs !== RQ_DEFAULTS.resultTtlMs) addDuration(add, 'result_ttl', job.resultTtlMs)
  if (job.failureTtlMs !== RQ_DEFAULTS.failureTtlMs) addDuration(add, 'failure_ttl', job.failureTtlMs)
  if (job.ttlMs !== undefined && job.ttlMs !== UNLIMITED) addDuration(add, 'ttl', job.ttlMs)
  add('meta', job.meta === undefined ? undefined : encodeValue(job.meta, serializer))
  add('wh_due', job.dueAt === undefined ? undefined : Math.round(job.dueAt))
  add('group_id', job.group)
  add('enqueue_at_front', isAtFront(job) ? '1' : undefined)
  addPolicies(add, job)
  return fields
}

type Add = (name: string, value: Argument | undefined) => void

/** RQ reads whole seconds; what is finer stands beside it. */
function addDuration(add: Add, name: string, ms: number): void {
  add(name, ms === UNLIMITED ? -1 : Math.ceil(ms / 1000))
  if (ms !== UNLIMITED && ms % 1000 !== 0) add(`wh_${name}`, Math.round(ms))
}

function addPolicies(add: Add, job: NewJob): void {
  const { retry, repeat, dependsOn } = job
  if (retry !== undefined) {
    add('retries_left', retry.max)
    add('retry_intervals', JSON.stringify(wholeSeconds(retry.backoff ? [retry.backoff.baseMs] : retry.delaysMs)))
    add('enqueue_at_front_on_retry', retry.atFront === true ? '1' : undefined)
  }
  if (repeat !== undefined) {
    add('repeats_left', repeat.times)
    // RQ takes them from the end.
    add('repeat_intervals', JSON.stringify(wholeSeconds(repeat.delaysMs).reverse()))
  }
  if (dependsOn !== undefined) {
    add('dependency_ids', JSON.stringify(dependsOn.jobIds))
    add('dependency_id', dependsOn.jobIds[0])
    add('allow_dependency_failures', dependsOn.allowFailure === true ? '1' : '0')
  }
  const carried = CARRIED.filter((name) => job[name] !== undefined)
  if (carried.length > 0)
    add('wh_options', JSON.stringify(Object.fromEntries(carried.map((name) => [name, job[name]]))))
}

function wholeSeconds(delaysMs: readonly number[]): number[] {
  return delaysMs.length === 0 ? [0] : delaysMs.map((ms) => Math.ceil(ms / 1000))
}

const DESCRIPTION_LENGTH = 200

/** Nearly RQ's call string. */
function describeCall({ name, args }: NewJob): string {
  const inner = args.slice(1, -1)
  return `${name}(${inner.length > DESCRIPTION_LENGTH ? `${inner.slice(0, DESCRIPTION_LENGTH)}...` : inner})`
}
