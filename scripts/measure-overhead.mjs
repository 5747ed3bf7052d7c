// What bill, hooks and limits cost a job that uses none of them: node scripts/measure-overhead.mjs [--pairs N] [--block N]
// [--parts bill,horse,meter,timeout]
// One worker in fork mode runs blocks of no-ops with them and without them, turn by turn, so that whatever else happens on
// the machine meets both alike. Without: no bill and no look at memory, no question for hooks, no time limit; or only some.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeStrippedCopy, PART_NAMES, STRIPPED } from './lib/overhead/stripped-copy.mjs'
import { setUp } from './lib/setup.mjs'

const TICK_MS = 10
const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '60' },
    block: { type: 'string', default: '200' },
    parts: { type: 'string', default: PART_NAMES.join(',') },
    built: { type: 'boolean', default: false },
  },
})
const block = Number(values.block)
const parts = values.parts.split(',')
if (!values.built) setUp({ nativeRequired: true })
const folder = mkdtempSync(join(tmpdir(), 'workhorse-overhead-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const dist = makeStrippedCopy(folder, parts)
const jobsFile = join(folder, 'jobs.mjs')
writeFileSync(
  jobsFile,
  `import { job } from '${join(dist, 'index.js')}'\njob('whole', () => {})\njob('${STRIPPED}', () => {})\n`,
)
const { connectBroker } = await import(join(dist, 'broker/index.js'))
const { createLogger, createWorker } = await import(join(dist, 'worker/index.js'))
const { createJob } = await import(join(dist, 'job/create-job.js'))
const { resolveJobOptions } = await import(join(dist, 'job/options.js'))

const broker = await connectBroker(`sqlite:${join(folder, 'overhead.db')}`)
const worker = createWorker({
  broker,
  modules: [jobsFile],
  isolation: 'fork',
  concurrency: 4,
  logger: createLogger('warn'),
})
let open = 0
let wake = () => {}
worker.supervisor.on('ended', (_job, { type }) => {
  if (type !== 'finished') throw new Error(`a no-op ${type}`)
  if (--open === 0) wake()
})
const running = worker.run()
await run('whole')
await run(STRIPPED)

const pairs = []
for (let n = 0; n < Number(values.pairs); n++) {
  // Neither is always the first.
  const order = n % 2 === 0 ? ['whole', STRIPPED] : [STRIPPED, 'whole']
  const measured = {}
  for (const name of order) measured[name] = await run(name)
  pairs.push(measured)
}
worker.supervisor.stop()
await running
await broker.close()

console.log(
  `${pairs.length} pairs of ${block} jobs, ${availableParallelism()} cores, load ${loadavg()[1].toFixed(1)}; with and without ${parts.join(', ')}:`,
)
report('CPU of all processes', 'cpuMs')
report('of it supervisor', 'supervisorMs')
report('of it zygote and horses', 'forkedMs')
report('time', 'wallMs')

/** One block: how long it took, and what CPU it took of supervisor, zygote and horses together. */
async function run(name) {
  const timeoutMs = name === STRIPPED && parts.includes('timeout') ? -1 : 180_000
  const options = { ...resolveJobOptions(name, {}), timeoutMs, resultTtlMs: 10_000 }
  const jobs = Array.from({ length: block }, () => createJob(name, options, []))
  const before = cpuTimes()
  const begun = performance.now()
  open = block
  const done = new Promise((resolve) => {
    wake = resolve
  })
  await broker.jobEnqueue(jobs)
  await done
  const wallMs = performance.now() - begun
  const after = cpuTimes()
  const supervisorMs = after.supervisorMs - before.supervisorMs
  const forkedMs = after.forkedMs - before.forkedMs
  return { cpuMs: supervisorMs + forkedMs, supervisorMs, forkedMs, wallMs }
}

function cpuTimes() {
  const { user, system } = process.cpuUsage()
  let zygote
  try {
    zygote = worker.isolation.zygotePid
  } catch {
    // It is booting; the first blocks do not count.
    return { supervisorMs: 0, forkedMs: 0 }
  }
  const stat = readFileSync(`/proc/${zygote}/stat`, 'latin1')
  // utime, stime, and those of the horses that it has waited for.
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
  const forkedMs = ticks.reduce((sum, tick) => sum + Number(tick) * TICK_MS, 0)
  return { supervisorMs: (user + system) / 1000, forkedMs }
}

function report(what, field) {
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const ratios = pairs.map((pair) => pair.whole[field] / pair[STRIPPED][field] - 1)
  const error = Math.sqrt(mean(ratios.map((ratio) => (ratio - mean(ratios)) ** 2)) / (ratios.length - 1))
  const perJob = (name) => (mean(pairs.map((pair) => pair[name][field])) / block).toFixed(3)
  const sorted = ratios.toSorted((a, b) => a - b)
  const percent = (ratio) => `${(ratio * 100).toFixed(1)} %`
  console.log(
    `  ${what}: ${perJob('whole')} ms a job with, ${perJob(STRIPPED)} ms without; ` +
      `mean ${percent(mean(ratios))} +- ${percent(error)}, median ${percent(sorted[Math.floor(sorted.length / 2)])}`,
  )
}
