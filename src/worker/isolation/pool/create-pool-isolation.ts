import { formatDuration } from '../../../support/duration.ts'
import type { Logger } from '../../../support/logger.ts'
import { PoolIsolation } from './pool-isolation.ts'
import type { PoolOptions } from './pool-options.ts'
import type { Nursery } from './pool-process.ts'

/** Pool mode with its events in the log. */
export function createPoolIsolation(
  options: PoolOptions,
  nursery: Nursery,
  logger: Logger,
  onBroken: (error: Error) => void,
): PoolIsolation {
  const name = (pid: number | undefined): string => `pool child (pid ${pid ?? 'unknown'})`
  return new PoolIsolation(options, nursery, {
    childReady: (pid, startMs) =>
      logger.debug({ event: 'pool.ready', child: pid, startMs }, `${name(pid)} ready in ${formatDuration(startMs)}`),
    childRetired: (pid, reason) =>
      logger.info({ event: 'pool.retired', child: pid }, `${name(pid)} takes no more jobs: ${reason}`),
    childDied: (pid, reason) => logger.error({ event: 'pool.died', child: pid }, `${name(pid)} died: ${reason}`),
    startFailed: (reason, delayMs) =>
      logger.error(
        { event: 'pool.start-failed' },
        `a pool child did not come up, trying again in ${formatDuration(delayMs)}: ${reason}`,
      ),
    childOutput: (pid, stream, text) => {
      for (const line of text.trimEnd().split('\n')) {
        logger.info({ event: 'pool.output', child: pid, stream }, `${name(pid)}: ${line}`)
      }
    },
    notice: (pid, message) => logger.warn({ event: 'pool.notice', child: pid }, `${name(pid)}: ${message}`),
    broken: onBroken,
  })
}
