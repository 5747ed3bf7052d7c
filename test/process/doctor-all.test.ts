import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliExit, printed, runCli } from '../support/cli.ts'
import { createProject } from '../support/project.ts'

const JOBS = `
import { appendFileSync } from 'node:fs'
import { job } from 'workhorse'

let prices, rates
function loadPrices() {
  return new Map(Array.from({ length: 40_000 }, (_, i) => ['article-' + i, { net: i, gross: i * 1.19 }]))
}
function loadRates() {
  return new Map(Array.from({ length: 12_000 }, (_, i) => ['rate-' + i, { net: i, gross: i * 1.19 }]))
}
export const seldom = job('seldom', () => {
  appendFileSync('ran.txt', 'seldom ')
  prices ??= loadPrices()
  return prices.size
})
export const often = job('often', (_index) => {
  appendFileSync('ran.txt', 'often ')
  rates ??= loadRates()
  return rates.size
})
`
const OLD = `${JOBS}
export const gone = job('gone', () => 1)
`
const OFTEN = 40

interface Ranking {
  readonly examined: boolean
  readonly jobs: readonly { job: string; jobsPerDay: number; known: number }[]
  readonly candidates: readonly { job: string; function: string; savedMsPerDay: number; coldMsPerJob: number }[]
  readonly unexamined: readonly { job: string; reason: string }[]
}

const doctor = (cwd: string, ...args: string[]): Promise<CliExit> =>
  runCli(['doctor', ...args], { cwd, timeoutMs: 200_000 })

/** A project in which one job has run often, one once, and one that is no more. */
async function history(): Promise<string> {
  const cwd = await createProject({ 'jobs.mjs': JOBS, 'old.mjs': OLD })
  for (const name of ['seldom', 'gone']) await printed(['enqueue', name, '--jobs-file', 'old.mjs'], { cwd })
  const { connectBroker } = await import('../../dist/broker/index.js')
  const { createJob } = await import('../../dist/job/create-job.js')
  const { JOB_DEFAULTS } = await import('../../dist/job/options.js')
  const broker = await connectBroker(`sqlite:${join(cwd, 'workhorse.db')}`)
  try {
    await broker.jobEnqueue(Array.from({ length: OFTEN }, (_, index) => createJob('often', JOB_DEFAULTS, [index])))
  } finally {
    await broker.close()
  }
  await printed(['worker', '--burst', '--concurrency', '2', '--jobs-file', 'old.mjs'], { cwd, timeoutMs: 120_000 })
  return cwd
}

describe('doctor without the name of a job', { timeout: 600_000 }, () => {
  it('says which jobs run here, runs none unless told to, and then ranks what they repeat by what it costs in a day', async () => {
    const cwd = await history()
    const ran = await readFile(join(cwd, 'ran.txt'), 'utf8')
    const plan = await doctor(cwd)
    expect(plan.code, plan.stderr).toBe(0)
    expect(plan.stdout).toMatch(/often +\d+ .*40 finished in 8 m 20 s/)
    expect(plan.stdout).toMatch(/Nothing was run\. To examine often, seldom/)
    expect(plan.stdout).toContain('workhorse doctor --rerun')
    expect(await readFile(join(cwd, 'ran.txt'), 'utf8')).toBe(ran)

    const { code, stdout, stderr } = await doctor(cwd, '--rerun', '--runs', '6', '--warm', '3', '--json')
    expect(code, stderr).toBe(0)
    const ranking = JSON.parse(stdout) as Ranking
    expect(ranking.examined).toBe(true)
    expect(ranking.jobs.find(({ job }) => job === 'often')).toMatchObject({ known: 40, jobsPerDay: 40 * 172.8 })
    const [first, second] = ranking.candidates
    expect([first?.function, second?.function]).toEqual(['loadRates', 'loadPrices'])
    // More in one job, but less in a day.
    expect(second?.coldMsPerJob).toBeGreaterThan(first?.coldMsPerJob ?? 0)
    expect(first?.savedMsPerDay).toBeGreaterThan(second?.savedMsPerDay ?? 0)
    expect(ranking.unexamined).toMatchObject([
      { job: 'gone', reason: expect.stringContaining("'gone' is not defined") },
    ])
  })

  it('says so where there is no history, and what is missing', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const none = await doctor(cwd)
    expect(none.code).toBe(1)
    expect(none.stderr).toMatch(/no finished job to tell by .*name one: workhorse doctor NAME --args/)
    for (const [args, message] of [
      [['--args', '[1]'], /--args: whose\? Name the job/],
      [['often', '--rerun'], /--rerun is about all jobs/],
    ] as const) {
      const { code, stderr } = await doctor(cwd, ...args)
      expect(code).toBe(2)
      expect(stderr).toMatch(message)
    }
  })
})
