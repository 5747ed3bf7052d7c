import type { PoolConfig } from '../../../config/config.ts'
import { UsageError } from '../../../errors.ts'
import { parseBytes } from '../../../support/bytes.ts'
import { parseDuration, show } from '../../../support/duration.ts'
import type { PoolOptions } from './pool-options.ts'

const LEAVE_MS = 5000

/** Names and defaults follow Celery's prefork pool, where it has them. @throws UsageError naming option and value */
export function resolvePoolOptions(settings: PoolConfig, concurrency: number, startMs: number): PoolOptions {
  const { maxMemory, maxAge, idleTimeout = '5m', start } = settings
  const perChild = whole(settings.perChild ?? 1, 'perChild', 1)
  const size = Math.ceil(concurrency / perChild)
  if (start !== undefined && start !== 'fork' && start !== 'spawn') {
    throw new UsageError(`option pool.start: expected 'fork' or 'spawn', got ${show(start)}`)
  }
  return Object.freeze({
    size,
    least: Math.min(size, whole(settings.min ?? 1, 'min', 0)),
    perChild,
    maxJobs: settings.maxJobs === undefined ? undefined : whole(settings.maxJobs, 'maxJobs', 1),
    maxMemoryBytes: maxMemory === undefined ? undefined : parseBytes(maxMemory, 'option pool.maxMemory'),
    maxAgeMs: maxAge === undefined ? undefined : parseDuration(maxAge, 'option pool.maxAge'),
    idleMs: parseDuration(idleTimeout, 'option pool.idleTimeout'),
    startMs,
    leaveMs: LEAVE_MS,
  })
}

function whole(value: number, name: string, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new UsageError(`option pool.${name}: expected a whole number of at least ${least}, got ${show(value)}`)
}
