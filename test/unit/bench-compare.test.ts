import { describe, expect, it } from 'vitest'
import { compareResults, differencesOf, regressions } from '../../src/bench/job/compare-results.ts'
import { type FigureName, figureOf, type JobBenchResult } from '../../src/bench/job/result.ts'

const PLAN = {
  job: 'add',
  args: ['[1,2]'],
  jobs: 100,
  workers: 1,
  concurrency: 1,
  isolation: 'fork',
  repeat: 3,
} as const
const MACHINE = { cpu: 'c', cores: 2, memoryGb: 4, system: 'linux', node: 'v20', date: '2026-01-01' }

function result(figures: Partial<Record<FigureName, readonly number[]>>): JobBenchResult {
  const made = Object.entries(figures).map(([name, values]) => [name, figureOf(values)])
  const base = { format: 'workhorse-bench-1', plan: PLAN, broker: 'sqlite:x', failed: 0, stolenShare: 0 } as const
  return { ...base, figures: Object.fromEntries(made), machine: MACHINE }
}

const worse = (before: JobBenchResult, after: JobBenchResult, tolerance: number): FigureName[] =>
  regressions(compareResults(before, after), tolerance).map(({ figure }) => figure)

describe('two results of a benchmark', () => {
  const before = result({ jobsPerSecond: [100, 110, 90], cpuMsPerJob: [10, 11, 12] })

  it('are compared by their medians, with more throughput and less CPU as better', () => {
    const after = result({ jobsPerSecond: [200, 220, 180], cpuMsPerJob: [20, 22, 24] })
    expect(compareResults(before, after)).toMatchObject([
      { figure: 'jobsPerSecond', ratio: 2, verdict: 'better', beyondSpread: true },
      { figure: 'cpuMsPerJob', ratio: 2, verdict: 'worse', beyondSpread: true },
    ])
  })

  it('differ within the spread where a run of the one is no better than one of the other', () => {
    const after = result({ jobsPerSecond: [109, 130, 120], cpuMsPerJob: [11, 11, 11] })
    expect(compareResults(before, after)).toMatchObject([
      { verdict: 'better', beyondSpread: false },
      { verdict: 'same', beyondSpread: false },
    ])
  })

  it('leave out what only one of them has, and do not know the spread of a single run', () => {
    const after = result({ cpuMsPerJob: [30] })
    expect(compareResults(before, after)).toMatchObject([{ figure: 'cpuMsPerJob', beyondSpread: undefined }])
  })

  it('are a regression where worse by more than the tolerance and beyond the spread', () => {
    expect(worse(before, result({ jobsPerSecond: [80, 82, 81], cpuMsPerJob: [13, 13, 13] }), 0.1)).toEqual([
      'jobsPerSecond',
      'cpuMsPerJob',
    ])
    expect(worse(before, result({ jobsPerSecond: [80, 82, 81], cpuMsPerJob: [13, 13, 13] }), 0.5)).toEqual([])
    expect(worse(before, result({ jobsPerSecond: [50, 95, 60], cpuMsPerJob: [11.5, 20, 21] }), 0.1)).toEqual([])
    expect(worse(before, result({ jobsPerSecond: [500, 600, 550], cpuMsPerJob: [1, 1, 1] }), 0.1)).toEqual([])
    expect(worse(before, result({ cpuMsPerJob: [30] }), 0.1)).toEqual(['cpuMsPerJob'])
  })

  it('say what was not measured alike', () => {
    const other = { ...before, plan: { ...PLAN, args: ['[3]'], repeat: 9 }, machine: { ...MACHINE, node: 'v24' } }
    expect(differencesOf(before, other)).toEqual(['args: ["[1,2]"] and ["[3]"]', 'node: v20 and v24'])
  })
})
