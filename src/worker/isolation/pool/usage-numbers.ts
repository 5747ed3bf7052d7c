import type { ProcessUsage } from '../../../job/record.ts'

/**
 * A ProcessUsage on its way, in the order of its fields. Processor time in microseconds, as the kernel counts it: whole numbers
 * are written and read in a fraction of the time.
 */
export type UsageNumbers = readonly [
  cpuUserMicros: number,
  cpuSystemMicros: number,
  maxRssBytes: number,
  minorFaults: number,
  majorFaults: number,
  voluntarySwitches: number,
  involuntarySwitches: number,
]

/** What this process has used so far. */
export function usageNumbers(): UsageNumbers {
  const usage = process.resourceUsage()
  return [
    usage.userCPUTime,
    usage.systemCPUTime,
    // libuv gives kilobytes on every system.
    usage.maxRSS * 1024,
    usage.minorPageFault,
    usage.majorPageFault,
    usage.voluntaryContextSwitches,
    usage.involuntaryContextSwitches,
  ]
}

export function readUsage([
  user,
  system,
  maxRssBytes,
  minor,
  major,
  voluntary,
  involuntary,
]: UsageNumbers): ProcessUsage {
  return {
    cpuUserMs: user / 1000,
    cpuSystemMs: system / 1000,
    maxRssBytes,
    minorFaults: minor,
    majorFaults: major,
    voluntarySwitches: voluntary,
    involuntarySwitches: involuntary,
  }
}
