import type { ProcessUsage } from '../../../job/record.ts'

/** A ProcessUsage on its way, in the order of its fields. */
export type UsageNumbers = readonly [
  cpuUserMs: number,
  cpuSystemMs: number,
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
    usage.userCPUTime / 1000,
    usage.systemCPUTime / 1000,
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
    cpuUserMs: user,
    cpuSystemMs: system,
    maxRssBytes,
    minorFaults: minor,
    majorFaults: major,
    voluntarySwitches: voluntary,
    involuntarySwitches: involuntary,
  }
}
