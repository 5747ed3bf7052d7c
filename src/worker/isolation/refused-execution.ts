import type { ExecutionEnd, RunningExecution } from './isolation.ts'

/** It was claimed to wait for another to end, and is not to. */
export const TOO_MANY: ExecutionEnd = { type: 'unstarted', reason: 'as many run as may' }

/** Of a job that is not run. */
export function refusedExecution(end: ExecutionEnd): RunningExecution {
  return { ended: Promise.resolve(end), abort: () => {}, kill: () => {} }
}
