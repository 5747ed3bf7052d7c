import { type BenchOptions, runBench } from '../../bench/bench.ts'
import { formatBench } from '../../bench/report.ts'
import { SCENARIO_NAMES, type ScenarioName } from '../../bench/scenarios.ts'
import { UsageError } from '../../errors.ts'
import { createLogger } from '../../support/logger.ts'
import type { Invocation } from '../command.ts'
import { onlyNumber } from '../flag-value.ts'
import { print, printJson } from '../render/print.ts'
import { chooseIsolation } from '../serve/choose-isolation.ts'
import { compareBenches } from './bench-compare.ts'
import { type BenchFlag, type BenchFlags, measureJob, measureRegression } from './bench-job.ts'

/** Flags that only the benchmark of a job has: with one of them a scenario's name is a job's. */
const JOB_ONLY = ['args', 'jobs-file', 'config', 'workers', 'repeat', 'output'] as const
/** Flags that only a scenario has. */
const SCENARIO_ONLY = ['standby', 'heap-mb', 'samples'] as const

export async function runBenchCommand({ flags, positionals }: Invocation<BenchFlag>): Promise<number> {
  if (flags.compare) return compareBenches(flags, positionals)
  if (positionals.length > 1) {
    throw new UsageError(
      `bench takes one job, and its arguments by --args '[…]'; '${positionals[1]}' is too much (see workhorse help bench)`,
    )
  }
  if (flags.tolerance !== undefined && flags.regress === undefined) {
    throw new UsageError(
      '--tolerance says how much worse than --regress FILE is still good; it has no meaning without it',
    )
  }
  const name = positionals[0] ?? (flags.regress === undefined ? 'noop' : undefined)
  const scenario = SCENARIO_NAMES.find((known) => known === name)
  const isScenario = JOB_ONLY.every((flag) => flags[flag] === undefined) && flags.regress === undefined
  if (scenario !== undefined && isScenario) return runScenario(scenario, flags)
  for (const flag of SCENARIO_ONLY) {
    if (flags[flag] === undefined) continue
    throw new UsageError(
      `--${flag} belongs to the scenarios ${SCENARIO_NAMES.join(' and ')}; a job is measured without it`,
    )
  }
  return flags.regress === undefined ? measureJob(flags, name as string) : measureRegression(flags, flags.regress, name)
}

async function runScenario(scenario: ScenarioName, flags: BenchFlags): Promise<number> {
  const options: BenchOptions = {
    scenario,
    isolation: chooseIsolation(flags.isolation, createLogger('warn')),
    jobs: flags.jobs ?? 2000,
    concurrency: onlyNumber('--concurrency', flags.concurrency ?? 4),
    heapMb: flags['heap-mb'] ?? 0,
    latencySamples: flags.samples ?? 200,
    ...(flags.standby === undefined ? {} : { standby: flags.standby }),
    ...(flags.broker === undefined ? {} : { broker: flags.broker }),
  }
  const result = await runBench(options)
  if (flags.json) printJson(result)
  else print(formatBench(result))
  return result.failed > 0 ? 1 : 0
}
