import type { ProcessUsage } from '../../../job/record.ts'
import { toMicroseconds } from '../../../support/to-microseconds.ts'

/**
 * What one job has used of a process that had run others before. The kernel keeps one peak of memory for the whole life of a
 * process: that one is not a difference.
 */
export function usageBetween(before: ProcessUsage, after: ProcessUsage): ProcessUsage {
  return {
    cpuUserMs: toMicroseconds(after.cpuUserMs - before.cpuUserMs),
    cpuSystemMs: toMicroseconds(after.cpuSystemMs - before.cpuSystemMs),
    maxRssBytes: after.maxRssBytes,
    minorFaults: after.minorFaults - before.minorFaults,
    majorFaults: after.majorFaults - before.majorFaults,
    voluntarySwitches: after.voluntarySwitches - before.voluntarySwitches,
    involuntarySwitches: after.involuntarySwitches - before.involuntarySwitches,
  }
}
