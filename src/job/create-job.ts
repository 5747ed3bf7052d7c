import { createHash, randomUUID } from 'node:crypto'
import { ArgumentsNotJsonError, UsageError } from '../errors.ts'
import type { CallbackNames } from './callback-names.ts'
import type { CallbackKind } from './callbacks.ts'
import { findNonJson } from './json.ts'
import { JOB_DEFAULTS, type ResolvedEnqueueOptions } from './options.ts'
import type { JobCallback, JobCallbacks } from './policies.ts'
import type { NewJob } from './record.ts'
import { findJob } from './registry.ts'

/**
 * A job ready to be stored.
 * @throws ArgumentsNotJsonError, @throws UsageError where it would wait for a time and for other jobs
 */
export function createJob(
  name: string,
  options: ResolvedEnqueueOptions,
  args: readonly unknown[],
  due?: number,
): NewJob {
  const finding = findNonJson(args, 'args')
  if (finding) throw new ArgumentsNotJsonError(name, finding)
  if (due !== undefined && options.dependsOn !== undefined) {
    throw new UsageError(`${name}: a job can wait for a time or for other jobs (dependsOn), not for both`)
  }
  const text = JSON.stringify(args)
  const { queue, timeoutMs, resultTtlMs, failureTtlMs } = options
  return {
    ...identify(name, options, text),
    name,
    queue,
    args: text,
    createdAt: Date.now(),
    timeoutMs,
    resultTtlMs,
    failureTtlMs,
    ...(options.atFront ? { atFront: true } : {}),
    ...(due === undefined ? {} : { dueAt: due }),
    ...(options.callbacks === undefined ? {} : { callbacks: describeCallbacks(options.callbacks) }),
    ...pick(options, CARRIED),
  }
}

/** Options that a job takes along as they are. */
const CARRIED = ['meta', 'limits', 'ttlMs', 'retry', 'repeat', 'group', 'isolation', 'dependsOn'] as const

/** In a loop, for it runs for every job that is enqueued. */
function pick<T extends object, K extends keyof T>(source: T, keys: readonly K[]): Pick<T, K> {
  const picked: Partial<Pick<T, K>> = {}
  for (const key of keys) if (source[key] !== undefined) picked[key] = source[key]
  return picked as Pick<T, K>
}

function identify(name: string, { id, unique }: ResolvedEnqueueOptions, args: string): Pick<NewJob, 'id' | 'unique'> {
  if (unique === undefined) return { id: id ?? randomUUID() }
  return { id: uniqueId(name, unique === true ? args : String(unique)), unique: true }
}

/** The same for the same name and key, in every process. */
function uniqueId(name: string, key: string): string {
  const mark = createHash('sha256').update(`${name}\0${key}`).digest('base64url').slice(0, 22)
  return `${name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 150)}-${mark}`
}

function describeCallbacks(names: CallbackNames): JobCallbacks {
  const kinds = Object.keys(names) as CallbackKind[]
  return Object.fromEntries(kinds.map((kind) => [kind, describeCallback(names[kind] as string)]))
}

/** A callback whose definition this process does not know is enqueued with the defaults. */
function describeCallback(name: string): JobCallback {
  const registered = findJob(name)
  const { queue, timeoutMs, resultTtlMs, failureTtlMs, retry } = registered?.options ?? JOB_DEFAULTS
  return {
    name,
    ...(registered === undefined || registered.hidden === true ? {} : { queue }),
    timeoutMs,
    resultTtlMs,
    failureTtlMs,
    ...(retry === undefined ? {} : { retry }),
  }
}
