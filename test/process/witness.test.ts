import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeEnd, Trial } from '../../dist/profiler/capture/trial.js'
import type { RawProfile, Suspect, WitnessReport } from '../../dist/worker/isolation/profiling.js'

const FIXTURE = fileURLToPath(new URL('../fixtures/doctor/watched.mjs', import.meta.url))
const SHEET_OF = 'function sheetOf'
const JOB = { name: 'report', args: '["a name of its own"]' }

/** As V8 tells of a function: by where its parameters begin. */
function at(functionName: string, definition: string): Suspect {
  const lines = readFileSync(FIXTURE, 'utf8').split('\n')
  const lineNumber = lines.findIndex((line) => line.startsWith(definition))
  return { functionName, url: pathToFileURL(FIXTURE).href, lineNumber, columnNumber: definition.length }
}

describe('a witnessed horse', () => {
  let trial: Trial
  beforeAll(async () => {
    trial = await Trial.open({ modules: [FIXTURE], witness: true })
  }, 30_000)
  afterAll(() => trial.close())

  async function watch(suspects: readonly Suspect[]): Promise<WitnessReport> {
    const run = await trial.run(JOB, { kind: 'witness', interval: 0, suspects })
    expect(describeEnd(run)).toBeUndefined()
    return (JSON.parse(String(run.raw)) as RawProfile).profile as WitnessReport
  }

  it('counts calls, and tells who was given an argument of the job, and who calls whom', async () => {
    const { calls, given, callers } = await watch([at('sheetOf', SHEET_OF), at('read', 'const read = ')])
    expect(calls.find(({ functionName }) => functionName === 'read')?.count).toBe(2)
    expect(given).toEqual([{ suspect: 1, value: '"a name of its own"' }])
    expect(callers.find(({ suspect }) => suspect === 0)?.stack[0]?.lineNumber).toBe(
      at('', 'export const report').lineNumber + 1,
    )
  })

  it('watches several functions that begin at one place, as a class and its fields do', async () => {
    const { callers } = await watch(['sheetOf', '<fields>', 'again'].map((name) => at(name, SHEET_OF)))
    expect(callers.map(({ suspect }) => suspect).sort()).toEqual([0, 1, 2])
  })

  it('fails, and says why, where watching cannot begin', async () => {
    const suspects = [{ ...at('sheetOf', SHEET_OF), lineNumber: Number.NaN }]
    const run = await trial.run(JOB, { kind: 'witness', interval: 0, suspects })
    expect(describeEnd(run)).toMatch(/Inspector error/)
  })
})
