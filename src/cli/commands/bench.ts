import { type BenchOptions, runBench } from '../../bench/bench.ts'
import { formatBench } from '../../bench/report.ts'
import { SCENARIO_NAMES, type ScenarioName } from '../../bench/scenarios.ts'
import { UsageError } from '../../errors.ts'
import { nearest } from '../../support/did-you-mean.ts'
import { createLogger } from '../../support/logger.ts'
import type { Invocation } from '../command.ts'
import { onlyNumber } from '../flag-value.ts'
import { print, printJson } from '../render/print.ts'
import { chooseIsolation } from '../serve/choose-isolation.ts'

type BenchFlag = 'isolation' | 'jobs' | 'concurrency' | 'standby' | 'heap-mb' | 'samples' | 'broker' | 'json'

export async function runBenchCommand({ flags, positionals }: Invocation<BenchFlag>): Promise<number> {
  const options: BenchOptions = {
    scenario: parseScenario(positionals[0] ?? 'noop'),
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

function parseScenario(name: string): ScenarioName {
  const known = SCENARIO_NAMES.find((scenario) => scenario === name)
  if (known) return known
  const near = nearest(name, SCENARIO_NAMES)
  throw new UsageError(
    `bench: no scenario '${name}'${near ? `; did you mean '${near}'?` : '.'} There are ${SCENARIO_NAMES.join(', ')}`,
  )
}
