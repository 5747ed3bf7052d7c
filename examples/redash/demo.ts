import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { configure, disconnect } from 'workhorse'
import { connectBroker } from 'workhorse/broker'
import { countEvents, makeEvent, prepareBenchmark } from './benchmark.ts'
import { diagnose } from './diagnose.ts'
import { recordEventJob } from './jobs.ts'

/**
 * The benchmark that found the mapper configuration, as it was published: let workers in burst mode empty a queue of
 * `record_event` jobs, take the time, and deduct what the same workers need to boot and leave an empty queue.
 * Then again with the one-line fix, and once more with a warm-up. In the end the doctor finds the fix by itself.
 */
const CASES = [
  { name: 'as-is', words: 'mappers configured in every horse', original: '102 s' },
  { name: 'preload', words: 'mappers configured once, before the fork', original: '24.6 s (4.1 x)' },
  { name: 'warm', words: 'and 300 jobs run before the fork', original: 'not possible in Python' },
] as const

const QUEUE = 'benchmark'
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const JOBS_FILE = fileURLToPath(new URL('./jobs.ts', import.meta.url))

interface CaseResult {
  readonly name: string
  readonly bootSeconds: number
  readonly seconds: number
  readonly jobsPerSecond: number
  readonly cpuMsPerJob: number
  readonly ratio: number
  readonly rows: number
  readonly events: number
}

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      jobs: { type: 'string', default: '1000' },
      workers: { type: 'string', default: '4' },
    },
  })
  const jobs = Number(values.jobs)
  const workers = Number(values.workers)
  const folder = await mkdtemp(join(tmpdir(), 'workhorse-demo-'))
  try {
    console.log(
      `${jobs} record_event jobs (19 mapped classes, one row each), ${workers} workers, one process per job\n`,
    )
    const results: CaseResult[] = []
    for (const { name } of CASES) results.push(await runCase(name, folder, jobs, workers, results[0]))
    print(results)
    const exact = results.every(({ rows, events }) => rows === jobs && events === jobs)
    console.log(exact ? `\nEvery job ran exactly once: ${jobs} rows each time.` : `\nRows are missing or doubled.`)
    const database = join(folder, 'as-is', 'redash.db')
    const graphs = await diagnose({ cli: CLI, jobsFile: JOBS_FILE, database })
    if (values.json) console.log(JSON.stringify({ ...toJson(results, jobs, workers), graphs }))
    return exact ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runCase(
  name: string,
  parent: string,
  jobs: number,
  workers: number,
  base: CaseResult | undefined,
): Promise<CaseResult> {
  const folder = join(parent, name)
  await mkdir(folder)
  await prepareBenchmark(folder)
  const broker = `sqlite:${join(folder, 'queue.db')}`
  // The very first start also compiles TypeScript, into a cache that all others use.
  if (base === undefined) await runWorkers(name, broker, workers)
  const bootBefore = await runWorkers(name, broker, workers)
  configure({ broker })
  for (let i = 0; i < jobs; i++) await recordEventJob.with({ queue: QUEUE }).enqueue(makeEvent(i))
  await disconnect()
  const total = await runWorkers(name, broker, workers)
  // Taken before and after: of two boots the shorter one has met less of what else the machine does.
  const bootSeconds = Math.min(bootBefore, await runWorkers(name, broker, workers))
  const seconds = total - bootSeconds
  const ratio = base === undefined ? 1 : base.seconds / seconds
  const cpuMsPerJob = await meanCpu(broker)
  console.log(`  ${name}: ${seconds.toFixed(1)} s (booted in ${bootSeconds.toFixed(1)} s, deducted)`)
  return {
    name,
    bootSeconds,
    seconds,
    jobsPerSecond: jobs / seconds,
    cpuMsPerJob,
    ratio,
    ...(await countEvents(folder)),
  }
}

/** Seconds from the start of the workers until the last of them has left, their queue being empty. */
async function runWorkers(name: string, broker: string, workers: number): Promise<number> {
  const begun = performance.now()
  const options = ['--burst', '--concurrency', '1', '--isolation', 'fork', '--log-level', 'warn']
  const child = spawn(
    process.execPath,
    [CLI, 'workers', String(workers), QUEUE, ...options, '--broker', broker, '--jobs-file', JOBS_FILE],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, REDASH_HOIST: name } },
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`the workers of case ${name} left with exit code ${code}`)
  return (performance.now() - begun) / 1000
}

/** CPU of the jobs' processes, as the kernel counted it, per job. */
async function meanCpu(url: string): Promise<number> {
  const broker = await connectBroker(url)
  try {
    let sum = 0
    let count = 0
    let cursor: string | undefined
    do {
      const page = await broker.jobList({ state: 'finished', limit: 500, ...(cursor === undefined ? {} : { cursor }) })
      for (const { bill } of page.jobs) {
        if (bill?.usage === undefined) continue
        sum += bill.usage.cpuUserMs + bill.usage.cpuSystemMs
        count++
      }
      cursor = page.cursor
    } while (cursor !== undefined)
    return sum / count
  } finally {
    await broker.close()
  }
}

function print(results: readonly CaseResult[]): void {
  const rows = results.map((result, index) => [
    result.name,
    CASES[index]?.words ?? '',
    `${result.seconds.toFixed(1)} s`,
    result.jobsPerSecond.toFixed(0),
    result.cpuMsPerJob.toFixed(1),
    `${result.ratio.toFixed(1)} x`,
    CASES[index]?.original ?? '',
  ])
  const table = [['case', '', 'time', 'jobs/s', 'CPU ms/job', 'ratio', "Redash's own"], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  console.log()
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}

function toJson(results: readonly CaseResult[], jobs: number, workers: number): object {
  const round = (value: number): number => Number(value.toFixed(3))
  return {
    jobs,
    workers,
    bootSeconds: round(results[0]?.bootSeconds ?? 0),
    cases: results.map(({ name, bootSeconds, seconds, jobsPerSecond, cpuMsPerJob, ratio, rows }) => ({
      name,
      bootSeconds: round(bootSeconds),
      seconds: round(seconds),
      jobsPerSecond: round(jobsPerSecond),
      cpuMsPerJob: round(cpuMsPerJob),
      ratio: round(ratio),
      rows,
    })),
  }
}
