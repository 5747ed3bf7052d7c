import type { JobLimits } from '../../../job/limits.ts'
import { defined } from '../../../support/defined.ts'
import type { HorseLimits } from '../fork/messages.ts'
import type { PoolCommand } from './messages.ts'
import type { PoolExecution } from './pool-execution.ts'

/** The order to run a job; its arguments go beside it. @param limits for the kernel to keep */
export function runCommand(number: number, execution: PoolExecution, limits: HorseLimits | undefined): PoolCommand {
  const { id, name, queue, attempt, meta } = execution.job
  const { profile } = execution
  return {
    type: 'run',
    execution: number,
    job: { id, name, queue, attempt, ...(meta === undefined ? {} : { meta }) },
    ...(execution.wantsAlone ? { alone: true as const } : {}),
    ...(limits && { limits }),
    ...(profile && { profile }),
  }
}

/** Of a job's limits, those that the kernel keeps for a process; undefined where there are none. */
export function kernelLimits(limits: JobLimits | undefined): HorseLimits | undefined {
  if (limits?.cpuMs === undefined && limits?.openFiles === undefined) return undefined
  return defined({ cpuMs: limits.cpuMs, openFiles: limits.openFiles })
}
