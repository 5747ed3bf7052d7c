import { formatBytes } from '../../../support/bytes.ts'
import { formatDuration } from '../../../support/duration.ts'
import type { Logger } from '../../../support/logger.ts'
import type { BootReport } from './messages.ts'
import type { ZygoteLaunch } from './zygote-handle.ts'
import { ZygoteKeeper } from './zygote-keeper.ts'

/** A zygote with its events in the log. @throws ForkUnavailableError */
export function createZygoteKeeper(
  launch: ZygoteLaunch,
  logger: Logger,
  onBroken: (error: Error) => void,
): ZygoteKeeper {
  return new ZygoteKeeper(launch, {
    zygoteReady: (pid, report) => {
      logger.info({ event: 'zygote.ready', zygote: pid, ...report }, describeBoot(pid, report))
      for (const warning of report.warnings) logger.warn({ event: 'zygote.warning' }, `zygote: ${warning}`)
    },
    zygoteDied: (pid, end) =>
      logger.error({ event: 'zygote.died', zygote: pid }, `the zygote (pid ${pid}) died, ${end}; starting another`),
    zygoteRetired: (pid) =>
      logger.info({ event: 'zygote.retired', zygote: pid }, `the old zygote (pid ${pid}) ends when its horses have`),
    reapFailed: (message) =>
      logger.error({ event: 'zygote.reap-failed' }, `how a process has ended that was forked is not known: ${message}`),
    forkFailed: (message) => logger.error({ event: 'fork.failed' }, `fork failed, trying again: ${message}`),
    zygoteOutput: (stream, text) => {
      for (const line of text.trimEnd().split('\n')) logger.info({ event: 'zygote.output', stream }, `zygote: ${line}`)
    },
    broken: onBroken,
  })
}

function describeBoot(pid: number, report: BootReport): string {
  const steps = [`loaded ${report.jobs.length} jobs in ${formatDuration(report.loadMs)}`]
  if (report.warmUpMs >= 1) steps.push(`warmed up in ${formatDuration(report.warmUpMs)}`)
  if (report.frozenBytes > 0)
    steps.push(`froze ${formatBytes(report.frozenBytes)} in ${formatDuration(report.freezeMs)}`)
  return `zygote ready (pid ${pid}): ${steps.join(', ')}`
}
