import type { PoolConfig } from '../../../config/config.ts'
import { UsageError } from '../../../errors.ts'
import { parseBytes } from '../../../support/bytes.ts'
import { parseDuration, show } from '../../../support/duration.ts'
import type { PoolOptions } from './pool-options.ts'

/** Names and defaults follow Celery's prefork pool, where it has them. @throws UsageError naming option and value */
export function resolvePoolOptions(
  settings: PoolConfig,
  slots: { readonly min: number; readonly max: number },
  startMs: number,
  leaveMs = 5000,
): PoolOptions {
  const { maxMemory, maxAge, idleTimeout = '5m', start } = settings
  const perChild = whole(settings.perChild ?? 1, 'perChild', 1)
  const size = Math.ceil(slots.max / perChild)
  if (start !== undefined && start !== 'fork' && start !== 'spawn') {
    throw new UsageError(`option pool.start: expected 'fork' or 'spawn', got ${show(start)}`)
  }
  return Object.freeze({
    size,
    first: Math.ceil(slots.min / perChild),
    least: Math.min(size, whole(settings.min ?? 1, 'min', 0)),
    perChild,
    // Where the number of slots changes, what is held beyond them could not be told from what runs.
    prefetch: perChild > 1 || slots.min !== slots.max ? 0 : whole(settings.prefetch ?? 64, 'prefetch', 0),
    maxJobs: settings.maxJobs === undefined ? undefined : whole(settings.maxJobs, 'maxJobs', 1),
    maxMemoryBytes: maxMemory === undefined ? undefined : parseBytes(maxMemory, 'option pool.maxMemory'),
    maxAgeMs: maxAge === undefined ? undefined : parseDuration(maxAge, 'option pool.maxAge'),
    idleMs: parseDuration(idleTimeout, 'option pool.idleTimeout'),
    startMs,
    leaveMs,
  })
}

function whole(value: number, name: string, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new UsageError(`option pool.${name}: expected a whole number of at least ${least}, got ${show(value)}`)
}
