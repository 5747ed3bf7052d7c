// How fast a worker obeys and recovers, on this machine, over real processes and with default settings:
// node scripts/measure-control.mjs [--broker sqlite|redis] [--rounds 20] [--supervisors 12] [--zygotes 10] [--jobs FILE]
// --jobs: job modules to load beside its own, for the figures of zygotes: how long yours takes to be replaced.
import { availableParallelism, loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { MeasuredWorker } from './lib/measured-worker.mjs'
import { openPlace } from './lib/measuring-place.mjs'
import { eventually, hasEnded } from './lib/processes.mjs'
import { RedisServer } from './lib/redis-server.mjs'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'sqlite' },
    rounds: { type: 'string', default: '20' },
    supervisors: { type: 'string', default: '12' },
    zygotes: { type: 'string', default: '10' },
    jobs: { type: 'string' },
  },
})
setUp({ nativeRequired: true })
const { stopJob } = await import(join(root, 'dist/queue/control.js'))
const workers = new Set()
let redis
const { folder, jobs, connectBroker, make } = await openPlace(
  'control',
  `job('burn', () => { currentJob().setMeta({ pid: process.pid }); for (;;); })
   job('hold', () => { currentJob().setMeta({ pid: process.pid }); return new Promise(() => setInterval(() => {}, 1000)) })
   job('noop', () => {})`,
  () => {
    for (const worker of workers) worker.kill()
    redis?.abort()
  },
)
if (values.broker === 'redis') redis = new RedisServer(join(folder, 'redis'), [])
await redis?.start()
const url = redis?.url('10s') ?? `sqlite:${join(folder, 'control.db')}`
const broker = await connectBroker(url)
console.log(`${values.broker}, ${availableParallelism()} cores, Node ${process.version}`)

let worker = await startWorker()
await measureJobs(Number(values.rounds))
await measureZygotes(Number(values.zygotes))
await measureSupervisors(Number(values.supervisors))
for (const one of workers) await one.end()
await broker.close()
await redis?.stop()

/** A stop asked for by this process, and a kill by a stranger. */
async function measureJobs(rounds) {
  const stopped = []
  const died = []
  for (let round = 0; round < rounds; round++) {
    let running = await begin('burn')
    let begun = performance.now()
    const stopping = stopJob(broker, running.id)
    await eventually(() => hasEnded(running.pid))
    stopped.push(performance.now() - begun)
    await stopping

    running = await begin('burn')
    begun = performance.now()
    process.kill(running.pid, 'SIGKILL')
    await broker.jobWait(running.id, {})
    died.push(performance.now() - begun)
  }
  report('stop a CPU-bound job: call to dead', stopped)
  report('horse killed: to failed in the broker', died)
}

async function measureZygotes(rounds) {
  const forked = []
  for (let round = 0; round < rounds; round++) {
    await (await enqueue('noop')).ended()
    await eventually(() => worker.hasHeir())
    const { zygote } = worker
    const begun = performance.now()
    process.kill(zygote, 'SIGKILL')
    await eventually(() => hasEnded(zygote))
    // One that is given to a horse that is dying, too, has failed as zygote-died: not that one is meant.
    await eventually(async () => (await (await enqueue('noop')).ended()).state === 'finished')
    forked.push(performance.now() - begun)
  }
  report('zygote killed, its heir takes over: to the next job finished', forked)
  const booted = []
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    await eventually(() => worker.hasHeir())
    const both = [worker.heir(), worker.zygote]
    const begun = performance.now()
    for (const pid of both) process.kill(pid, 'SIGKILL')
    await eventually(() => both.every(hasEnded))
    await eventually(async () => (await (await enqueue('noop')).ended()).state === 'finished')
    booted.push(performance.now() - begun)
  }
  report('zygote and heir killed, another boots: to the next job finished', booted)
}

/** One that dies with a job, and one that is there to take it over. */
async function measureSupervisors(rounds) {
  const elsewhere = []
  for (let round = 0; round < rounds; round++) {
    const { id } = await begin('hold')
    const heir = await startWorker()
    // Anywhere between two renewals.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5000))
    const begun = performance.now()
    worker.kill()
    await eventually(async () => (await broker.jobFetch(id)).attempts === 2)
    elsewhere.push(performance.now() - begun)
    workers.delete(worker)
    worker = heir
    await stopJob(broker, id)
  }
  report('supervisor killed: to its job running elsewhere', elsewhere)
}

async function startWorker() {
  const modules = [jobs, ...(values.jobs === undefined ? [] : [resolve(values.jobs)])]
  const started = new MeasuredWorker(folder, url, modules)
  workers.add(started)
  await started.ready
  return started
}

async function enqueue(name) {
  const job = make(name)
  await broker.jobEnqueue([job])
  return { id: job.id, ended: () => broker.jobWait(job.id, {}) }
}

async function begin(name) {
  const { id } = await enqueue(name)
  const meta = await eventually(async () => (await broker.jobFetch(id)).meta)
  return { id, pid: JSON.parse(meta).pid }
}

function report(what, times) {
  if (times.length === 0) return
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1)
  const load = loadavg()[0].toFixed(1)
  console.log(
    `${what}: median ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms (n = ${times.length}, load ${load})`,
  )
}
