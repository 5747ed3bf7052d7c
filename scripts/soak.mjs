// Runs many jobs through one worker in fork mode and fails where one is lost or doubled, or where supervisor or zygote
// grow: node --expose-gc scripts/soak.mjs [jobs]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

const LIMIT_BYTES_PER_JOB = 1024
const jobs = Number(process.argv[2] ?? 10_000)

setUp({ nativeRequired: true })
const dist = (path) => import(join(root, 'dist', path))
const { connectBroker } = await dist('broker/index.js')
const { createLogger, createWorker } = await dist('worker/index.js')
const { noop } = await dist('bench/own-jobs.js')
const { createJob } = await dist('job/definition.js')
const { findJob } = await dist('job/registry.js')

const folder = mkdtempSync(join(tmpdir(), 'workhorse-soak-'))
const broker = await connectBroker(`sqlite:${join(folder, 'soak.db')}`)
const worker = createWorker({
  broker,
  modules: [join(root, 'dist', 'bench', 'own-jobs.js')],
  isolation: 'fork',
  concurrency: 4,
  logger: createLogger('warn'),
})
// Ids of jobs that are on their way, and what went wrong. What is kept here must not grow with the jobs.
const open = new Set()
const wrong = []
worker.supervisor.on('ended', ({ id }, { type }) => {
  if (!open.delete(id) || type !== 'finished') wrong.push(`${id} ${type}`)
})
const running = worker.run()

// The first tenth fills caches, compiles code and lets the heaps find their size.
await work(jobs / 10)
const before = await takeStock()
const begun = performance.now()
await work(jobs)
const seconds = (performance.now() - begun) / 1000
const after = await takeStock()
worker.supervisor.stop()
await running
const { finished } = (await broker.queueList())[0].counts
await broker.close()
rmSync(folder, { recursive: true, force: true })

const expected = jobs + jobs / 10
console.log(
  `${jobs} jobs in ${seconds.toFixed(1)} s, ${finished} of ${expected} finished, ${wrong.length} ended wrongly`,
)
const growth = {}
for (const name of Object.keys(before)) {
  growth[name] = after[name] - before[name]
  console.log(`  ${name.padEnd(22)} ${before[name]} -> ${after[name]}`)
}
const perJob = {
  supervisor: Math.round(growth.supervisorRssBytes / jobs),
  zygote: Math.round(growth.zygotePrivateBytes / jobs),
}
console.log(`  growth per job: supervisor ${perJob.supervisor} bytes, zygote ${perJob.zygote} bytes`)
const leaks =
  Math.max(perJob.supervisor, perJob.zygote) >= LIMIT_BYTES_PER_JOB ||
  growth.supervisorDescriptors > 0 ||
  growth.zygoteDescriptors > 0 ||
  growth.zygoteChildren > 0
if (finished !== expected || open.size > 0 || wrong.length > 0 || leaks) process.exit(1)

/** Enqueues so many jobs, a hundred at a time, and waits until all have ended. */
async function work(count) {
  const { options } = findJob(noop.name)
  for (let done = 0; done < count; done += 100) {
    const batch = Array.from({ length: 100 }, () => createJob(noop.name, options, []))
    for (const { id } of batch) open.add(id)
    await broker.jobEnqueue(batch)
    for (const { id } of batch) await broker.jobWait(id, {})
  }
}

async function takeStock() {
  await worker.isolation.standbyPids()
  globalThis.gc?.()
  globalThis.gc?.()
  const zygote = worker.isolation.zygotePid
  return {
    supervisorRssBytes: process.memoryUsage().rss,
    supervisorHeapBytes: process.memoryUsage().heapUsed + process.memoryUsage().external,
    supervisorDescriptors: readdirSync('/proc/self/fd').length,
    zygotePrivateBytes: privateBytes(zygote),
    zygoteDescriptors: readdirSync(`/proc/${zygote}/fd`).length,
    zygoteChildren: readFileSync(`/proc/${zygote}/task/${zygote}/children`, 'utf8').trim().split(' ').length,
  }
}

function privateBytes(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024
  return field('Private_Clean') + field('Private_Dirty') + field('Shared_Dirty')
}
