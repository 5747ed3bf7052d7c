// How fast a worker obeys and recovers, on this machine, each over real processes:
// node scripts/measure-control.mjs [rounds] [--skip-lease]
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

const rounds = Number(process.argv[2] ?? 20)
const skipLease = process.argv.includes('--skip-lease')
setUp({ nativeRequired: true })
const { connectBroker } = await import(join(root, 'dist/broker/index.js'))
const { stopJob } = await import(join(root, 'dist/queue/control.js'))
const { createJob } = await import(join(root, 'dist/job/create-job.js'))
const { resolveJobOptions } = await import(join(root, 'dist/job/options.js'))

const folder = mkdtempSync(join(tmpdir(), 'workhorse-control-'))
writeFileSync(
  join(folder, 'jobs.mjs'),
  `import { currentJob, job } from '${join(root, 'dist/index.js')}'
   job('burn', () => { currentJob().setMeta({ pid: process.pid }); for (;;); })
   job('noop', () => {})`,
)
const url = `sqlite:${join(folder, 'control.db')}`
const broker = await connectBroker(url)
let worker = startWorker()
// Nothing of it stays behind, whatever ends this process.
process.on('exit', () => worker.kill('SIGKILL'))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const stopped = []
const died = []
for (let round = 0; round < rounds; round++) {
  let running = await burn()
  let begun = performance.now()
  const stopping = stopJob(broker, running.id)
  await dead(running.pid)
  stopped.push(performance.now() - begun)
  await stopping

  running = await burn()
  begun = performance.now()
  process.kill(running.pid, 'SIGKILL')
  await broker.jobWait(running.id, {})
  died.push(performance.now() - begun)
}
report('stop a CPU-bound job: call to dead', stopped)
report('horse killed: to failed in the broker', died)

const forked = []
for (let round = 0; round < Math.min(rounds, 10); round++) {
  await (await enqueue('noop')).ended()
  const zygote = children(worker.pid)[0]
  const begun = performance.now()
  process.kill(zygote, 'SIGKILL')
  await dead(zygote)
  // One that is given to a horse that is dying, too, has failed as zygote-died: not that one is meant.
  await eventually(async () => (await (await enqueue('noop')).ended()).state === 'finished')
  forked.push(performance.now() - begun)
}
report('zygote killed: to the next job finished', forked)

if (!skipLease) {
  const { id } = await burn()
  const heir = startWorker()
  await eventually(async () => (await broker.workerList()).length === 2)
  const begun = performance.now()
  process.kill(worker.pid, 'SIGKILL')
  worker = heir
  await eventually(async () => (await broker.jobFetch(id)).attempts === 2)
  report('supervisor killed: to its job running elsewhere (default lease)', [performance.now() - begun])
}
const ended = new Promise((resolve) => worker.once('exit', resolve))
process.kill(worker.pid, 'SIGKILL')
await ended
await broker.close()
rmSync(folder, { recursive: true, force: true })

function startWorker() {
  const flags = ['worker', '--broker', url, '--jobs-file', join(folder, 'jobs.mjs'), '--isolation', 'fork']
  const quiet = ['--concurrency', '2', '--log-level', 'silent']
  return spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...flags, ...quiet], { stdio: 'inherit' })
}

async function enqueue(name) {
  const job = createJob(name, { ...resolveJobOptions(name, {}), timeoutMs: -1 }, [])
  await broker.jobEnqueue([job])
  return { id: job.id, ended: () => broker.jobWait(job.id, {}) }
}

async function burn() {
  const { id } = await enqueue('burn')
  const meta = await eventually(async () => (await broker.jobFetch(id)).meta)
  return { id, pid: JSON.parse(meta).pid }
}

function children(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number)
}

async function dead(pid) {
  await eventually(async () => {
    try {
      return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    } catch {
      return true
    }
  })
}

async function eventually(look) {
  for (;;) {
    const found = await look()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

function report(what, times) {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1)
  console.log(
    `${what}: median ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms (n = ${times.length}, ${availableParallelism()} cores)`,
  )
}
