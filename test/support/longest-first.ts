import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take longer than ten seconds or so, the longest first, so that none of them is left alone at the end.
 * Vitest itself knows how long files take only where they have run before, and else goes by their size.
 */
const LONGEST = [
  'process/pool',
  'process/doctor',
  'process/cli-worker',
  'process/bench-docs',
  'process/profile',
  'browser/flame-graph',
  'process/native',
  'process/fork',
  'process/worker',
  'process/cli-jobs',
  'process/readme',
  'process/cli-serve',
  'process/chaos',
  'process/sqlite-broker',
  'process/sampling',
  'process/doctor-all',
  'process/recovery',
  'conformance/broker/sqlite',
  'process/profiler-docs',
  'process/cli-features',
  'rq-interop/python-worker',
  'process/limits',
  'process/cli-workers',
  'process/redis-loss',
  'process/guides',
  'unit/pickle',
  'process/cli-check',
  'process/package',
  'process/redash-models',
  'process/schedules',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return found < 0 ? LONGEST.length : found
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}
