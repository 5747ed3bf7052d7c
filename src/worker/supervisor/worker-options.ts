import { randomBytes } from 'node:crypto'
import { availableParallelism, hostname } from 'node:os'
import { UsageError } from '../../errors.ts'
import { assertQueueName } from '../../job/queue-name.ts'
import { type Duration, parseDuration, show } from '../../support/duration.ts'
import { assertKnownOptions } from '../../support/option-check.ts'

/** Slots at least and at most. */
export interface SlotRange {
  readonly min: number
  readonly max: number
}

/** How a worker works. */
export interface WorkerOptions {
  /** Served strictly in this order. Default `['default']`. */
  readonly queues?: readonly string[]
  /** Jobs at a time, or the least and most of them, in between by need. Default: the number of cores. */
  readonly concurrency?: number | SlotRange
  /** Leave when the queues are empty. Default false. */
  readonly burst?: boolean
  /** How long a job may go on after its signal has aborted at the timeout. Default 5 s. */
  readonly grace?: Duration
  /** How long `beforeExit` hooks may take when the job has ended, before its process is killed. Default 5 s. */
  readonly exitGrace?: Duration
  /** How long a dead worker's jobs stay its own. Default 15 s. */
  readonly lease?: Duration
  /** Leave after so many jobs; those that run are finished. Default: no limit. */
  readonly maxJobs?: number
  /** Leave after so long with nothing to do. Default: never. */
  readonly maxIdle?: Duration
  /** How often a job's worker may die before the job is failed as the likely cause. Default 3. */
  readonly maxAbandonments?: number
}

export interface ResolvedWorkerOptions {
  readonly queues: readonly string[]
  readonly slots: SlotRange
  readonly burst: boolean
  readonly graceMs: number
  readonly exitGraceMs: number
  readonly leaseMs: number
  readonly renewMs: number
  readonly maintainMs: number
  readonly maxAbandonments: number
  /** Infinity for no limit. */
  readonly maxJobs: number
  readonly maxIdleMs: number | undefined
}

export interface WorkerIdentity {
  readonly name: string
  readonly hostname: string
  readonly pid: number
  readonly version: string
}

/** @throws UsageError naming option and value */
export function resolveWorkerOptions(options: WorkerOptions): ResolvedWorkerOptions {
  const queues = options.queues?.length ? options.queues : ['default']
  for (const queue of queues) assertQueueName(queue)
  const leaseMs = options.lease === undefined ? 15_000 : parseDuration(options.lease, 'option lease')
  return Object.freeze({
    queues: [...new Set(queues)],
    slots: resolveSlots(options.concurrency ?? availableParallelism()),
    burst: options.burst ?? false,
    graceMs: options.grace === undefined ? 5000 : parseDuration(options.grace, 'option grace'),
    exitGraceMs: options.exitGrace === undefined ? 5000 : parseDuration(options.exitGrace, 'option exitGrace'),
    leaseMs,
    renewMs: leaseMs / 3,
    maintainMs: Math.min(2500, leaseMs / 3),
    maxJobs: options.maxJobs === undefined ? Number.POSITIVE_INFINITY : wholeNumber(options.maxJobs, 'maxJobs', 1),
    maxIdleMs: options.maxIdle === undefined ? undefined : parseDuration(options.maxIdle, 'option maxIdle'),
    maxAbandonments: wholeNumber(options.maxAbandonments ?? 3, 'maxAbandonments', 0),
  })
}

function resolveSlots(concurrency: number | SlotRange): SlotRange {
  if (typeof concurrency !== 'object' || concurrency === null) {
    const slots = wholeNumber(concurrency, 'concurrency', 1)
    return { min: slots, max: slots }
  }
  assertKnownOptions(concurrency, ['min', 'max'], 'option concurrency')
  const min = wholeNumber(concurrency.min, 'concurrency.min', 1)
  return { min, max: wholeNumber(concurrency.max, 'concurrency.max', min) }
}

/** In words: `4`, or `2..8`. */
export function formatSlots({ min, max }: SlotRange): string {
  return min === max ? String(min) : `${min}..${max}`
}

/** @throws UsageError */
export function wholeNumber(value: number, what: string, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new UsageError(`option ${what}: expected a whole number of at least ${least}, got ${show(value)}`)
}

/**
 * Without a given name, one that no other worker has, and that tells people where it runs.
 * @throws UsageError
 */
export function createIdentity(version: string, name?: string): WorkerIdentity {
  if (name !== undefined && !/^[\w.:-]{1,200}$/.test(name)) {
    throw new UsageError(`worker name: expected letters, digits, _ . : or -, got ${show(name)}`)
  }
  const host = hostname()
  const { pid } = process
  return { name: name ?? `${host}.${pid}.${randomBytes(2).toString('hex')}`, hostname: host, pid, version }
}
