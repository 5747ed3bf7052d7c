// Runs many jobs through one worker, and fails where one is lost or doubled, or where the worker grows with them:
// node --expose-gc scripts/soak.mjs [--jobs N] [--isolation fork|pool|inline] [--broker sqlite|redis] [--every N]
// [--concurrency N]. Every N jobs it lets the worker come to rest and takes stock of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { RedisServer } from './lib/redis-server.mjs'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'
import { Load } from './lib/soak/load.mjs'
import { takeStock } from './lib/soak/stock.mjs'
import { fitLine } from './lib/soak/trend.mjs'

/** Results are kept as briefly as maintenance has work with them, and the store does not grow. */
const KEPT_MS = 2000
/** What the line through the samples may rise over the whole run: V8 takes and gives back memory as it thinks fit. */
const NOISE_BYTES = 24 * 1024 ** 2
/** What is alive after a collection is known better. */
const HEAP_NOISE_BYTES = 2 * 1024 ** 2
/** So many jobs until the heaps have found their size; where processes are reused, each of them has to. */
const RUN_IN = { fork: 5000, pool: 50_000, inline: 20_000 }

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '10000' },
    isolation: { type: 'string', default: 'fork' },
    broker: { type: 'string', default: 'sqlite' },
    every: { type: 'string' },
    concurrency: { type: 'string', default: '4' },
    built: { type: 'boolean', default: false },
  },
})
const jobs = Number(values.jobs)
const every = Number(values.every ?? Math.max(1000, Math.round(jobs / 20)))
if (!values.built) setUp({ nativeRequired: true })
const dist = (path) => import(join(root, 'dist', path))
const { connectBroker } = await dist('broker/index.js')
const { createLogger, createWorker } = await dist('worker/index.js')
const { noop } = await dist('bench/own-jobs.js')
const { createJob } = await dist('job/create-job.js')
const { findJob } = await dist('job/registry.js')

const folder = mkdtempSync(join(tmpdir(), 'workhorse-soak-'))
const redis = values.broker === 'redis' ? new RedisServer(join(folder, 'redis'), []) : undefined
// Nothing of it stays behind, whatever ends this process.
process.on('exit', () => {
  redis?.abort()
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
await redis?.start()
const broker = await connectBroker(redis?.url('10s') ?? `sqlite:${join(folder, 'soak.db')}`)
const worker = createWorker({
  broker,
  modules: [join(root, 'dist', 'bench', 'own-jobs.js')],
  isolation: values.isolation,
  concurrency: Number(values.concurrency),
  logger: createLogger('warn'),
})
const options = { ...findJob(noop.name).options, resultTtlMs: KEPT_MS }
const load = new Load(broker, worker.supervisor, () => createJob(noop.name, options, []))
const running = worker.run()

// The first ones fill caches, compile code and let the heaps find their size.
const runIn = Math.max(RUN_IN[values.isolation], Math.ceil(jobs / 10))
await load.run(runIn)
const samples = [{ jobs: 0, ...(await stock()) }]
const begun = performance.now()
for (let done = 0; done < jobs; done = samples.at(-1).jobs) {
  const share = Math.min(every, jobs - done)
  await load.run(share)
  samples.push({ jobs: done + share, ...(await stock()) })
  console.log(JSON.stringify(samples.at(-1)))
}
const seconds = (performance.now() - begun) / 1000
worker.supervisor.stop()
await running
await broker.close()
await redis?.stop()

const expected = jobs + runIn
console.log(
  `${jobs} jobs, ${values.isolation} on ${values.broker}, in ${seconds.toFixed(1)} s (load ${loadavg()[1].toFixed(1)}); ` +
    `${load.finished} of ${expected} finished, ${load.wrong.length} ended wrongly`,
)
for (const what of load.wrong.slice(0, 20)) console.log(`  WRONG ${what}`)
const grown = Object.keys(samples[0]).filter((name) => name !== 'jobs' && hasGrown(name))
if (load.finished !== expected || load.wrong.length > 0 || grown.length > 0) {
  console.log(`grown: ${grown.join(', ') || 'nothing'}`)
  process.exit(1)
}

/** At rest: horses of the last jobs are buried, and those that stand by are born. */
async function stock() {
  await worker.isolation.standbyPids?.()
  return takeStock()
}

function hasGrown(name) {
  const { slope, noise } = fitLine(samples.map((sample) => [sample.jobs, sample[name]]))
  const [first, last] = [samples[0][name], samples.at(-1)[name]]
  console.log(
    `  ${name.padEnd(22)} ${first} -> ${last}, ${slope.toFixed(4)} a job, ${Math.round(slope * jobs)} in all, ` +
      `off the line by ${Math.round(noise)}`,
  )
  if (name === 'supervisorHeapBytes') return slope * jobs > HEAP_NOISE_BYTES
  if (name.endsWith('Bytes')) return slope * jobs > NOISE_BYTES
  return last > first && slope * jobs >= 1
}
