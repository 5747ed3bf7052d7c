import type { FigureComparison } from './compare-results.ts'
import { FIGURES, type Figure, type JobBenchResult } from './result.ts'

/** For people: medians, with the least and the most beside them. */
export function formatJobBench(result: JobBenchResult): string {
  const { plan, machine, figures } = result
  const rows = FIGURES.flatMap(({ name, title, unit }) => {
    const figure = figures[name]
    return figure === undefined ? [] : [[title, formatFigure(figure, unit)] as const]
  })
  const all: (readonly [string, string])[] = [
    ...rows,
    ['stolen by the host', `${(result.stolenShare * 100).toFixed(1)} % of the machine's time`],
    ...(result.failed > 0 ? [['FAILED', `${result.failed} jobs`] as const] : []),
  ]
  const width = Math.max(...all.map(([title]) => title.length))
  const slots = plan.concurrency === 1 ? 'one job at a time each' : `${plan.concurrency} jobs at a time each`
  return [
    `${plan.job}, ${plan.jobs} jobs, ${plan.workers} ${plan.workers === 1 ? 'worker' : 'workers'}, ${slots}, ${plan.isolation} mode, ${result.broker}`,
    ...all.map(([title, value]) => `  ${title.padEnd(width)}  ${value}`),
    `  ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, ${machine.date}`,
    `  Method: workers in burst mode empty a queue of ${plan.jobs} jobs, ${plan.repeat} times; the shortest of as many boots on an`,
    '  empty queue is deducted. Median of the runs, least and most in brackets. CPU by wait4(2).',
  ].join('\n')
}

export function formatComparison(comparisons: readonly FigureComparison[]): string {
  const rows = comparisons.map(({ title, unit, before, after, ratio, verdict, beyondSpread }) => [
    title,
    formatFigure(before, unit),
    formatFigure(after, unit),
    `${ratio.toFixed(2)} x`,
    verdict === 'same' ? 'the same' : `${verdict}, ${describeSpread(beyondSpread)}`,
  ])
  const table = [['', 'before', 'after', 'ratio', ''], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function describeSpread(beyond: boolean | undefined): string {
  if (beyond === undefined) return 'spread unknown: one was run only once'
  return beyond ? 'beyond the spread' : 'within the spread'
}

function formatFigure({ median, least, most, values }: Figure, unit: string): string {
  const range = values.length > 1 ? ` (${shown(least)} to ${shown(most)})` : ''
  return `${shown(median)} ${unit}${range}`
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
