import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareResults, differencesOf, regressions } from '../../bench/job/compare-results.ts'
import { formatComparison, formatJobBench } from '../../bench/job/report.ts'
import { type BenchPlan, type JobBenchResult, readBenchResult } from '../../bench/job/result.ts'
import { runJobBench } from '../../bench/job/run-job-bench.ts'
import { UsageError } from '../../errors.ts'
import { defined } from '../../support/defined.ts'
import { createLogger } from '../../support/logger.ts'
import { onlyNumber } from '../flag-value.ts'
import type { FlagValues } from '../flags.ts'
import { note, print, printJson } from '../render/print.ts'
import { chooseIsolation } from '../serve/choose-isolation.ts'
import { readSettings, requireModules } from '../surroundings.ts'
import { checkArguments } from './json-arguments.ts'

export type BenchFlag =
  | 'broker'
  | 'config'
  | 'jobs-file'
  | 'args'
  | 'jobs'
  | 'workers'
  | 'concurrency'
  | 'repeat'
  | 'isolation'
  | 'output'
  | 'compare'
  | 'regress'
  | 'tolerance'
  | 'standby'
  | 'heap-mb'
  | 'samples'
  | 'json'
export type BenchFlags = FlagValues<BenchFlag>

const DEFAULT_JOBS = 200
const DEFAULT_REPEAT = 5
const DEFAULT_TOLERANCE = 0.1
const EXIT_REGRESSED = 1
const MAIN = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

export async function measureJob(flags: BenchFlags, job: string): Promise<number> {
  const { config } = await readSettings(flags)
  const result = await measure(flags, {
    job,
    args: flags.args?.map(checkArguments) ?? ['[]'],
    jobs: flags.jobs ?? DEFAULT_JOBS,
    workers: flags.workers ?? 1,
    concurrency: onlyNumber('--concurrency', flags.concurrency ?? 1),
    isolation: chooseIsolation(flags.isolation ?? config.isolation, createLogger('warn')),
    repeat: flags.repeat ?? DEFAULT_REPEAT,
  })
  if (flags.json) printJson(result)
  else print(formatJobBench(result))
  return result.failed > 0 ? 1 : 0
}

/** Measures what `file` has measured, in the same way, and says where it has become worse. */
export async function measureRegression(flags: BenchFlags, file: string, job: string | undefined): Promise<number> {
  const base = readBenchResult(resolve(file))
  for (const flag of ['args', 'jobs', 'workers', 'concurrency', 'isolation'] as const) {
    if (flags[flag] === undefined) continue
    throw new UsageError(`--${flag}: --regress measures as ${file} was measured, or nothing could be compared`)
  }
  if (job !== undefined && job !== base.plan.job) {
    throw new UsageError(`${file} has measured ${base.plan.job}, not ${job}; leave the name out, or name another file`)
  }
  const result = await measure(flags, { ...base.plan, repeat: flags.repeat ?? base.plan.repeat })
  const tolerance = flags.tolerance ?? DEFAULT_TOLERANCE
  const differences = differencesOf(base, result)
  const comparisons = compareResults(base, result)
  const worse = regressions(comparisons, tolerance)
  for (const difference of differences) note(`not measured alike: ${difference}`)
  if (flags.json) printJson({ regressed: worse.map(({ figure }) => figure), differences, figures: comparisons, result })
  else print(formatComparison(comparisons))
  for (const { title, unit, before, after, ratio } of worse) {
    note(
      `worse beyond ${percent(tolerance)}: ${title}, ${before.median} → ${after.median} ${unit} (${ratio.toFixed(2)} x)`,
    )
  }
  if (worse.length === 0)
    note(`no figure is worse by more than ${percent(tolerance)} and beyond the spread of the runs`)
  return worse.length > 0 || result.failed > base.failed ? EXIT_REGRESSED : 0
}

async function measure(flags: BenchFlags, plan: BenchPlan): Promise<JobBenchResult> {
  const settings = await readSettings(flags)
  const { broker, output } = flags
  const { configFile } = settings
  const result = await runJobBench({
    plan,
    modules: requireModules(settings),
    main: MAIN,
    workerFlags: [
      ...(configFile === undefined ? [] : [`--config=${configFile}`]),
      ...requireModules(settings).map((path) => `--jobs-file=${path}`),
    ],
    ...defined({ broker }),
    onRun: (what, index, seconds) => {
      if (!process.stderr.isTTY || what === 'warm-up') return
      note(`${index + 1}/${plan.repeat}: ${what === 'boot' ? 'boot' : `${plan.jobs} jobs`} ${seconds.toFixed(2)} s`)
    },
  })
  if (result.failed > 0) note(`${result.failed} of ${plan.jobs * plan.repeat} jobs did not finish`)
  if (output !== undefined) await writeFile(resolve(output), `${JSON.stringify(result, null, 2)}\n`)
  return result
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}
