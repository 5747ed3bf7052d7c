import type { JobLimits } from '../../../job/limits.ts'
import { defined } from '../../../support/defined.ts'
import type { HorseLimits } from '../fork/messages.ts'
import type { RunOrder } from './messages.ts'
import type { PoolExecution } from './pool-execution.ts'

/** The order to run a job; its arguments go beside it. @param limits for the kernel to keep */
export function runOrder(number: number, execution: PoolExecution, limits: HorseLimits | undefined): RunOrder {
  const { id, name, queue, attempt, meta, args } = execution.job
  const { profile, wantsAlone } = execution
  const job = { id, name, queue, attempt, meta }
  return { execution: number, job, args: args.length, alone: wantsAlone || undefined, limits, profile }
}

/** Of a job's limits, those that the kernel keeps for a process; undefined where there are none. */
export function kernelLimits(limits: JobLimits | undefined): HorseLimits | undefined {
  if (limits?.cpuMs === undefined && limits?.openFiles === undefined) return undefined
  return defined({ cpuMs: limits.cpuMs, openFiles: limits.openFiles })
}
