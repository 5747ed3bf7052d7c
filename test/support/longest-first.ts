import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take longer than ten seconds or so, the longest first, so that none of them is left alone at the end.
 * Vitest itself knows how long files take only where they have run before, and else goes by their size.
 */
const LONGEST = [
  'process/bench-docs',
  'process/doctor',
  'browser/flame-graph',
  'process/profile',
  'process/pool',
  'process/cli-worker',
  'process/readme',
  'process/fork',
  'process/cli-serve',
  'process/worker',
  'process/cli-jobs',
  'process/native',
  'process/sampling',
  'process/chaos',
  'process/sqlite-broker',
  'conformance/broker/sqlite',
  'process/cli-features',
  'process/doctor-all',
  'process/recovery',
  'process/profiler-docs',
  'rq-interop/python-worker',
  'process/cli-workers',
  'process/guides',
  'process/cli-check',
  'process/package',
  'process/redis-loss',
  'process/limits',
  'process/redash-models',
  'process/schedules',
  'unit/pickle',
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
