import type { Bill, MemoryUsage } from '../../../job/record.ts'
import { toMicroseconds } from '../../../support/to-microseconds.ts'
import { signalName } from './horse-death.ts'
import type { WaitResult } from './native.ts'

/**
 * What one execution in a horse has cost. Field by field: it is made for each job, and spreading objects into one another
 * takes several times as long. Times to the microsecond, as the kernel counts them.
 */
export function billOf(
  status: WaitResult,
  wallMs: number,
  forkMs: number | undefined,
  memory: MemoryUsage | undefined,
): Bill {
  const { exitCode, signal, cpuUserMs, cpuSystemMs, maxRssBytes, minorFaults, majorFaults } = status
  const { voluntarySwitches, involuntarySwitches } = status
  const bill: { -readonly [Key in keyof Bill]: Bill[Key] } = {
    wallMs: toMicroseconds(wallMs),
    usage: { cpuUserMs, cpuSystemMs, maxRssBytes, minorFaults, majorFaults, voluntarySwitches, involuntarySwitches },
  }
  if (forkMs !== undefined) bill.forkMs = forkMs
  if (memory !== undefined) bill.memory = memory
  if (exitCode !== null) bill.exitCode = exitCode
  if (signal !== null) bill.signal = signalName(signal)
  return bill
}
