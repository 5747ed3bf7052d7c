import type { Bill, MemoryUsage } from '../../../job/record.ts'
import { signalName } from './horse-death.ts'
import type { WaitResult } from './native.ts'

/** What one execution in a horse has cost. */
export function billOf(
  status: WaitResult,
  wallMs: number,
  forkMs: number | undefined,
  memory: MemoryUsage | undefined,
): Bill {
  const { exitCode, signal, ...usage } = status
  return {
    wallMs,
    ...(forkMs === undefined ? {} : { forkMs }),
    usage,
    ...(memory === undefined ? {} : { memory }),
    ...(exitCode === null ? {} : { exitCode }),
    ...(signal === null ? {} : { signal: signalName(signal) }),
  }
}
