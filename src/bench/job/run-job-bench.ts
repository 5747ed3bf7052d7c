import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError, WorkhorseError } from '../../errors.ts'
import { loadModules } from '../../job/load-modules.ts'
import { explainUnknownJob, findJob } from '../../job/registry.ts'
import { defined } from '../../support/defined.ts'
import { describeMachine } from '../machine.ts'
import { machineTicks } from '../process-memory.ts'
import { BenchQueue, type Harvest } from './bench-queue.ts'
import { type BenchPlan, figureOf, type JobBenchResult } from './result.ts'
import { runWorkers, type WorkersRun } from './run-workers.ts'

export interface JobBenchOptions {
  readonly plan: BenchPlan
  /** Absolute paths of the job modules, to know the job's options by. */
  readonly modules: readonly string[]
  /** The command line's main module, and the flags that make a worker load the same modules. */
  readonly main: string
  readonly workerFlags: readonly string[]
  /** A broker to measure; without it, an SQLite file of the benchmark's own. */
  readonly broker?: string
  /** Told after each run; `boot` runs have an empty queue. */
  readonly onRun?: (what: 'warm-up' | 'boot' | 'jobs', index: number, seconds: number) => void
}

interface Round extends Harvest {
  readonly boot: WorkersRun
  readonly run: WorkersRun
  readonly brokerUrl: string
}

/**
 * The method by which Redash's regression was published, for any job: workers in burst mode empty a queue of N jobs, what the
 * same workers need for an empty queue is deducted, and all of it is repeated.
 * @throws UsageError where there is no such job, @throws WorkhorseError where the workers do not do their work
 */
export async function runJobBench(options: JobBenchOptions): Promise<JobBenchResult> {
  const { plan, modules, onRun } = options
  await loadModules(modules)
  if (findJob(plan.job) === undefined) throw new UsageError(explainUnknownJob(plan.job))
  const folder = await mkdtemp(join(tmpdir(), 'workhorse-bench-'))
  try {
    // The very first start also compiles what is TypeScript, and brings files into the kernel's cache.
    const first = await emptyRun(options, folder)
    onRun?.('warm-up', 0, first.seconds)
    const ticksBefore = machineTicks()
    const rounds: Round[] = []
    for (let index = 0; index < plan.repeat; index++) rounds.push(await runRound(options, folder, index))
    return report(plan, rounds, stolenSince(ticksBefore))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function emptyRun({ plan, main, workerFlags, broker }: JobBenchOptions, folder: string): Promise<WorkersRun> {
  const queue = await BenchQueue.open(folder, broker)
  try {
    return await runWorkers(plan, { main, flags: workerFlags, queue: queue.name, broker: queue.url })
  } finally {
    await queue.close()
  }
}

async function runRound(options: JobBenchOptions, folder: string, index: number): Promise<Round> {
  const { plan, main, workerFlags, broker, onRun } = options
  const boot = await emptyRun(options, folder)
  onRun?.('boot', index, boot.seconds)
  const queue = await BenchQueue.open(folder, broker)
  try {
    await queue.fill(plan)
    const run = await runWorkers(plan, { main, flags: workerFlags, queue: queue.name, broker: queue.url })
    onRun?.('jobs', index, run.seconds)
    return { ...(await queue.harvest()), boot, run, brokerUrl: queue.brokerUrl }
  } finally {
    await queue.close()
  }
}

function report(plan: BenchPlan, rounds: readonly Round[], stolenShare: number): JobBenchResult {
  // Of several boots the shortest has met the least of what else the machine does.
  const bootSeconds = Math.min(...rounds.map(({ boot }) => boot.seconds))
  const failed = rounds.reduce((sum, round) => sum + round.failed, 0)
  const failure = rounds.find((round) => round.failure !== undefined)?.failure
  if (failed === plan.jobs * rounds.length) {
    throw new WorkhorseError('WORKHORSE_BENCH_FAILED', `no job finished, so there is nothing to measure: ${failure}`)
  }
  const figures = {
    jobsPerSecond: rounds.map(({ run }) => plan.jobs / workSeconds(run.seconds - bootSeconds, plan)),
    cpuMsPerJob: cpuPerJob(plan, rounds),
    jobCpuMsPerJob: allOrNone(rounds.map(({ jobCpuMsPerJob }) => jobCpuMsPerJob)),
    bootSeconds: rounds.map(({ boot }) => boot.seconds),
  }
  const measured = Object.entries<readonly number[]>(defined(figures)).map(([name, values]) => [name, figureOf(values)])
  return {
    format: 'workhorse-bench-1',
    plan,
    broker: rounds[0]?.brokerUrl ?? '',
    failed,
    figures: Object.fromEntries(measured) as JobBenchResult['figures'],
    stolenShare,
    machine: describeMachine(),
  }
}

/** @throws UsageError where so few jobs do not show beside the boot */
function workSeconds(seconds: number, { jobs, job }: BenchPlan): number {
  if (seconds > 0) return seconds
  throw new UsageError(
    `${jobs} jobs of ${job} took no longer than the boot without any, so there is nothing to tell apart; measure more (--jobs ${jobs * 10})`,
  )
}

function cpuPerJob(plan: BenchPlan, rounds: readonly Round[]): number[] | undefined {
  const boots = allOrNone(rounds.map(({ boot }) => boot.cpuMs))
  const runs = allOrNone(rounds.map(({ run }) => run.cpuMs))
  if (boots === undefined || runs === undefined) return undefined
  const boot = Math.min(...boots)
  return runs.map((cpuMs) => Math.max(0, cpuMs - boot) / plan.jobs)
}

function allOrNone(values: readonly (number | undefined)[]): readonly number[] | undefined {
  return values.every((value) => value !== undefined) ? values : undefined
}

function stolenSince(before: ReturnType<typeof machineTicks>): number {
  const now = machineTicks()
  return Number(((now.stolen - before.stolen) / Math.max(1, now.all - before.all)).toFixed(3))
}
