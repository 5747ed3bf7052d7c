import { UsageError } from '../../errors.ts'
import { type NewJob, UNLIMITED } from '../../job/record.ts'
import { compress } from './codec/compress.ts'
import { callHead, encodeCall, encodeValue, type Serializer } from './codec/payload.ts'
import { LIMITS } from './codec/payload-error.ts'
import type { Argument } from './connection.ts'

/** RQ's defaults are not written, as RQ does not write them. */
export const RQ_DEFAULTS = { timeoutMs: 180_000, resultTtlMs: 500_000, failureTtlMs: 365 * 86_400_000 } as const

/** What the broker carries for others to read, exactly as it was given: one JSON text, `wh_options`. */
export const CARRIED = ['retry', 'repeat', 'callbacks', 'dependsOn', 'isolation', 'limits'] as const

/** As scripts/lib/store.lua takes them: runs of jobs that have all in common but id and arguments. */
export async function encodeJobs(jobs: readonly NewJob[], serializer: Serializer): Promise<Argument[]> {
  const [first] = jobs
  if (first === undefined) return [0]
  const encoded: Argument[] = [jobs.length, 0]
  let runs = 0
  for (let at = 0; at < jobs.length; ) {
    const head = jobs[at] as NewJob
    const isPlain = isPlainJob(head, serializer)
    let end = at + 1
    while (end < jobs.length && areOfOneRun(head, jobs[end] as NewJob, isPlain, serializer)) end++
    addRun(encoded, head, serializer, isPlain, at, end - at)
    for (; at < end; at++) {
      const job = jobs[at] as NewJob
      assertSize(job)
      encoded.push(job.id)
      if (isPlain) encoded.push(job.args)
      else encoded.push(await compress(encodeCall(job.name, job.args, serializer)), describeCall(job))
    }
    runs++
  }
  encoded[1] = runs
  return encoded
}

/** Of which the server makes data and description itself: short JSON. Text goes in one piece, without a Buffer in it. */
function isPlainJob({ args }: NewJob, serializer: Serializer): boolean {
  return serializer === 'json' && args.length - 2 <= DESCRIPTION_LENGTH
}

function assertSize({ id, args }: NewJob): void {
  if (args.length <= LIMITS.size) return
  throw new UsageError(
    `job ${id}: its arguments are ${args.length} characters, and Redis takes ${LIMITS.size}; store the data and pass its key`,
  )
}

/** One by one: this runs for every job of every batch. */
function areOfOneRun(a: NewJob, b: NewJob, isPlain: boolean, serializer: Serializer): boolean {
  return (
    a.name === b.name &&
    a.createdAt === b.createdAt &&
    a.queue === b.queue &&
    a.timeoutMs === b.timeoutMs &&
    a.resultTtlMs === b.resultTtlMs &&
    a.failureTtlMs === b.failureTtlMs &&
    a.atFront === b.atFront &&
    a.unique === b.unique &&
    a.dueAt === b.dueAt &&
    a.ttlMs === b.ttlMs &&
    a.group === b.group &&
    a.meta === b.meta &&
    a.retry === b.retry &&
    a.repeat === b.repeat &&
    a.callbacks === b.callbacks &&
    a.dependsOn === b.dependsOn &&
    a.isolation === b.isolation &&
    a.limits === b.limits &&
    isPlain === isPlainJob(b, serializer)
  )
}

function addRun(
  encoded: Argument[],
  job: NewJob,
  serializer: Serializer,
  isPlain: boolean,
  position: number,
  count: number,
): void {
  const fields = encodeFields(job, serializer)
  const waitsFor = [...new Set(job.dependsOn?.jobIds ?? [])]
  encoded.push(
    job.queue,
    `${isAtFront(job) ? 'f' : ''}${job.unique === true ? 'u' : ''}${isPlain ? 'p' : ''}`,
    job.dueAt === undefined ? '' : Math.round(job.dueAt),
    job.ttlMs === undefined ? '' : Math.round(job.ttlMs),
    job.group ?? '',
    job.dependsOn?.allowFailure === true ? '1' : '',
    waitsFor.length,
    ...waitsFor,
    fields.length,
    ...fields,
    new Date(Math.round(job.createdAt)).toISOString().slice(0, -1),
    Math.min(position, 999),
    isPlain ? callHead(job.name) : '',
    isPlain ? job.name : '',
    count,
  )
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

/** Nearly RQ's call string; store.lua makes the same of what is short. */
function describeCall({ name, args }: NewJob): string {
  const inner = args.slice(1, -1)
  return `${name}(${inner.length > DESCRIPTION_LENGTH ? `${inner.slice(0, DESCRIPTION_LENGTH)}...` : inner})`
}
