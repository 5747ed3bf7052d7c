import { compareResults, differencesOf } from '../../bench/job/compare-results.ts'
import { formatComparison } from '../../bench/job/report.ts'
import { readBenchResult } from '../../bench/job/result.ts'
import { UsageError } from '../../errors.ts'
import { note, print, printJson } from '../render/print.ts'
import type { BenchFlags } from './bench-job.ts'

export async function compareBenches(flags: BenchFlags, files: readonly string[]): Promise<number> {
  const [before, after, ...more] = files
  if (before === undefined || after === undefined || more.length > 0) {
    throw new UsageError(`bench --compare needs two files, before and after: bench --compare A.json B.json`)
  }
  const strange = Object.keys(flags).find((flag) => flag !== 'compare' && flag !== 'json')
  if (strange !== undefined) throw new UsageError(`--${strange} has no meaning with --compare, which measures nothing`)
  const [a, b] = [readBenchResult(before), readBenchResult(after)]
  const differences = differencesOf(a, b)
  for (const difference of differences) note(`not measured alike: ${difference}`)
  const comparisons = compareResults(a, b)
  if (flags.json) printJson({ differences, figures: comparisons })
  else print(formatComparison(comparisons))
  return 0
}
