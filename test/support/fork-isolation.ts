import { fileURLToPath } from 'node:url'
import { ForkIsolation, type ForkOptions } from '../../dist/worker/isolation/fork/fork-isolation.js'
import type { BootReport } from '../../dist/worker/isolation/fork/messages.js'

export const fixtureJobs = (name: string): string => fileURLToPath(new URL(`../fixtures/jobs/${name}`, import.meta.url))

export interface OpenedFork {
  readonly isolation: ForkIsolation
  readonly reports: BootReport[]
  readonly deaths: string[]
  readonly broken: Error[]
}

/** Fork mode with the given job modules; not started yet. */
export function forkIsolation(modules: readonly string[], options: Partial<ForkOptions> = {}): OpenedFork {
  const reports: BootReport[] = []
  const deaths: string[] = []
  const broken: Error[] = []
  const isolation = new ForkIsolation(
    {
      modules,
      freeze: true,
      ballastMb: 0,
      nodeFlags: [],
      bootTimeoutMs: 30_000,
      hiddenEnv: [],
      standby: 2,
      exitGraceMs: 5000,
      ...options,
    },
    {
      zygoteReady: (_pid, report) => void reports.push(report),
      zygoteDied: (_pid, end) => void deaths.push(end),
      forkFailed: () => {},
      zygoteOutput: () => {},
      broken: (error) => void broken.push(error),
    },
  )
  return { isolation, reports, deaths, broken }
}
