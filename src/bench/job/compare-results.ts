import { FIGURES, type Figure, type FigureName, type JobBenchResult } from './result.ts'

/** One figure of two results. */
export interface FigureComparison {
  readonly figure: FigureName
  readonly title: string
  readonly unit: string
  readonly before: Figure
  readonly after: Figure
  /** Median after by median before. */
  readonly ratio: number
  readonly verdict: 'better' | 'worse' | 'same'
  /**
   * Every run of the one is better than every run of the other. Undefined where one of them was run only once: nobody knows its
   * spread then.
   */
  readonly beyondSpread: boolean | undefined
}

/** Figure by figure; those that one of them does not have are left out. */
export function compareResults(before: JobBenchResult, after: JobBenchResult): FigureComparison[] {
  return FIGURES.flatMap(({ name, title, unit, better }) => {
    const a = before.figures[name]
    const b = after.figures[name]
    if (a === undefined || b === undefined) return []
    const ratio = a.median === 0 ? (b.median === 0 ? 1 : Number.POSITIVE_INFINITY) : b.median / a.median
    const isMore = b.median > a.median
    const verdict = b.median === a.median ? 'same' : isMore === (better === 'more') ? 'better' : 'worse'
    return [{ figure: name, title, unit, before: a, after: b, ratio, verdict, beyondSpread: beyondSpread(a, b) }]
  })
}

function beyondSpread(a: Figure, b: Figure): boolean | undefined {
  if (a.values.length < 2 || b.values.length < 2) return undefined
  return a.most < b.least || b.most < a.least
}

/**
 * Figures that have become worse by more than the tolerance, and by more than the spread of the runs explains.
 * @param tolerance 0.1 for 10 %
 */
export function regressions(comparisons: readonly FigureComparison[], tolerance: number): FigureComparison[] {
  return comparisons.filter(({ verdict, ratio, beyondSpread, figure }) => {
    if (verdict !== 'worse' || beyondSpread === false) return false
    const better = FIGURES.find(({ name }) => name === figure)?.better
    // A throughput that has halved is a time that has doubled: both are 100 % worse.
    return (better === 'more' ? 1 / ratio : ratio) > 1 + tolerance
  })
}

/** What makes two results incomparable, or less so, in words. */
export function differencesOf(before: JobBenchResult, after: JobBenchResult): string[] {
  const found: string[] = []
  const plans = [before.plan, after.plan].map(({ repeat: _repeat, ...plan }) => plan as Record<string, unknown>)
  for (const key of Object.keys(plans[0] ?? {})) {
    const [a, b] = plans.map((plan) => JSON.stringify(plan[key]))
    if (a !== b) found.push(`${key}: ${a} and ${b}`)
  }
  for (const key of ['cpu', 'cores', 'system', 'node'] as const) {
    const [a, b] = [before.machine[key], after.machine[key]]
    if (a !== b) found.push(`${key}: ${a} and ${b}`)
  }
  return found
}
