import { readFileSync } from 'node:fs'
import { UsageError } from '../../errors.ts'
import type { IsolationMode } from '../../worker/isolation/isolation.ts'
import type { Machine } from '../machine.ts'
import { percentile, rounded } from '../statistics.ts'

/** What is measured: enough to measure it again. */
export interface BenchPlan {
  readonly job: string
  /** Arguments of the jobs in turn, each JSON text of an array. */
  readonly args: readonly string[]
  /** Jobs in each run. */
  readonly jobs: number
  /** Worker processes. */
  readonly workers: number
  /** Slots of each worker. */
  readonly concurrency: number
  readonly isolation: IsolationMode
  /** Runs. */
  readonly repeat: number
}

/** One thing that was measured in every run. */
export interface Figure {
  readonly median: number
  readonly least: number
  readonly most: number
  /** Of each run, in their order. */
  readonly values: readonly number[]
}

/** In the order in which they are shown. */
export const FIGURES = [
  { name: 'jobsPerSecond', title: 'throughput', unit: 'jobs/s', better: 'more' },
  { name: 'cpuMsPerJob', title: 'CPU per job, all processes', unit: 'ms', better: 'less' },
  { name: 'jobCpuMsPerJob', title: "CPU per job, the job's own process", unit: 'ms', better: 'less' },
  { name: 'bootSeconds', title: 'boot, deducted', unit: 's', better: 'less' },
] as const

export type FigureName = (typeof FIGURES)[number]['name']

/** What `workhorse bench JOB` measures, and its JSON. */
export interface JobBenchResult {
  readonly format: 'workhorse-bench-1'
  readonly plan: BenchPlan
  /** URL of the broker, without secrets. */
  readonly broker: string
  /** Jobs that did not finish, over all runs. */
  readonly failed: number
  /** What could not be measured (CPU elsewhere than on Linux, say) is absent. */
  readonly figures: Readonly<Partial<Record<FigureName, Figure>>>
  /** Share of the machine's time that its host gave to others meanwhile, 0 to 1. */
  readonly stolenShare: number
  readonly machine: Machine
}

export function figureOf(values: readonly number[]): Figure {
  const shown = values.map(rounded)
  return { median: percentile(shown, 0.5), least: Math.min(...shown), most: Math.max(...shown), values: shown }
}

/** @throws UsageError where the file is not what `bench JOB -o FILE` has written */
export function readBenchResult(file: string): JobBenchResult {
  let result: unknown
  try {
    result = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${file} cannot be read as a result of bench: ${(error as Error).message}; ${MEND}`)
  }
  const { format, figures, plan } = (result ?? {}) as Partial<JobBenchResult>
  if (format === 'workhorse-bench-1' && figures !== undefined && plan !== undefined) return result as JobBenchResult
  throw new UsageError(`${file} is no result of bench (format: ${JSON.stringify(format) ?? 'none'}); ${MEND}`)
}

const MEND = 'make one by workhorse bench JOB -o FILE'
