import type { Broker } from '../broker/broker.ts'
import { type JobRecord, UNLIMITED } from '../job/record.ts'
import { cpuMsOf, pages } from './bills.ts'

/** How much of one job runs here, as far as the broker still knows. */
export interface JobLoad {
  readonly name: string
  /** Finished jobs that it still keeps. */
  readonly known: number
  /** What that is in a day. */
  readonly jobsPerDay: number
  /** Over how long it was counted. */
  readonly windowMs: number
  /** Mean of the bills; absent where no job has a bill with CPU time. */
  readonly cpuMsPerJob?: number
  /** Arguments of the last, each once, as JSON texts of arrays. */
  readonly args: readonly string[]
}

const DAY_MS = 86_400_000
/** Of jobs that are kept for ever: a history that has just begun says little of a day. */
const LEAST_WINDOW_MS = 3_600_000
const ENOUGH_ARGUMENTS = 8

/**
 * Which jobs finish here, and how many in a day; the one that takes the most CPU time first. A finished job is kept for its
 * `resultTtl`: so many as there are now finished within that time.
 */
export async function surveyLoad(broker: Broker, now = Date.now()): Promise<JobLoad[]> {
  const byName = new Map<string, JobRecord[]>()
  for await (const page of pages(broker, { state: 'finished' })) {
    for (const job of page) {
      const known = byName.get(job.name)
      if (known) known.push(job)
      else byName.set(job.name, [job])
    }
  }
  const loads = [...byName].map(([name, jobs]) => loadOf(name, jobs, now))
  return loads.sort((a, b) => cpuPerDay(b) - cpuPerDay(a) || b.jobsPerDay - a.jobsPerDay)
}

/** Milliseconds of CPU in a day. */
export function cpuPerDay({ jobsPerDay, cpuMsPerJob = 0 }: JobLoad): number {
  return jobsPerDay * cpuMsPerJob
}

/** @param jobs the newest first */
function loadOf(name: string, jobs: readonly JobRecord[], now: number): JobLoad {
  const oldest = Math.min(...jobs.map(({ endedAt, createdAt }) => endedAt ?? createdAt))
  const age = Math.max(LEAST_WINDOW_MS, now - oldest)
  const windows = jobs.map(({ resultTtlMs }) => (resultTtlMs === UNLIMITED ? age : Math.max(1, resultTtlMs)))
  const billed = jobs.filter(({ bill }) => bill?.usage !== undefined)
  const cpuMs = billed.reduce((sum, { bill }) => sum + cpuMsOf(bill), 0)
  return {
    name,
    known: jobs.length,
    jobsPerDay: windows.reduce((sum, windowMs) => sum + DAY_MS / windowMs, 0),
    windowMs: Math.max(...windows),
    ...(billed.length === 0 ? {} : { cpuMsPerJob: cpuMs / billed.length }),
    args: [...new Set(jobs.slice(0, 100).map(({ args }) => args))].slice(0, ENOUGH_ARGUMENTS),
  }
}
