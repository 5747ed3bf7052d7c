import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../errors.ts'
import { loadModule } from '../job/load-modules.ts'

/** Work to measure. */
export interface Scenario {
  readonly name: string
  /** Name of the job that is enqueued. */
  readonly job: string
  readonly modules: readonly string[]
  args(index: number): readonly unknown[]
  /** Makes ready what the jobs need, in a folder of the benchmark's own. May set environment variables for them. */
  prepare(folder: string): Promise<void>
}

export const SCENARIO_NAMES = ['noop', 'record_event'] as const
export type ScenarioName = (typeof SCENARIO_NAMES)[number]

/** @throws UsageError where the scenario is not part of this installation */
export async function findScenario(name: ScenarioName): Promise<Scenario> {
  return name === 'noop' ? NOOP : recordEvent()
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** The benchmark's own jobs: one that does nothing, one that tells when it was entered. */
export const OWN_JOBS = fileURLToPath(new URL(`./own-jobs.${extension}`, import.meta.url))

const NOOP: Scenario = {
  name: 'noop',
  job: 'workhorse.bench.noop',
  modules: [OWN_JOBS],
  args: () => [],
  prepare: async () => {},
}

interface RedashExample {
  prepareBenchmark(folder: string): Promise<void>
  makeEvent(index: number): unknown
}

/** The story's job, from the example application that lies beside src/ in a clone. */
async function recordEvent(): Promise<Scenario> {
  const example = fileURLToPath(new URL('../../examples/redash', import.meta.url))
  const entry = join(example, 'benchmark.ts')
  if (!existsSync(entry)) {
    throw new UsageError(
      'scenario record_event runs the example application, which is not in the installed package; run it in a clone of the repository',
    )
  }
  const redash = (await loadModule(entry)) as unknown as RedashExample
  return {
    name: 'record_event',
    job: 'record_event',
    modules: [join(example, 'jobs.ts'), OWN_JOBS],
    args: (index) => [redash.makeEvent(index)],
    prepare: (folder) => redash.prepareBenchmark(folder),
  }
}
