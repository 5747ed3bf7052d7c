// How soon an idle worker hears of a job, whoever pushes it, and what its waiting costs:
// node scripts/measure-wake.mjs [samples] [--skip-idle]
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

/** So long nothing happens before each push: the worker has come to rest. */
const PAUSE_MS = 15
const IDLE_S = 20

const samples = Number(process.argv[2] ?? 300)
const skipIdle = process.argv.includes('--skip-idle')
setUp({ nativeRequired: false })
const dist = join(root, 'dist')
const { connectBroker } = await import(join(dist, 'broker/index.js'))

const folder = mkdtempSync(join(tmpdir(), 'workhorse-wake-'))
const socket = join(folder, 'redis.sock')
const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
process.on('exit', () => {
  server.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
await new Promise((resolve) => server.stdout.on('data', (text) => String(text).includes('eady to accept') && resolve()))

const redis = `redis+unix://${socket}`
const sqlite = `sqlite:${join(folder, 'wake.db')}`
const node = (kind, url) => [process.execPath, [join(root, 'scripts/lib/wake/pusher.mjs'), kind, dist, url]]
console.log(`${availableParallelism()} cores, Node ${process.versions.node}, ${samples} samples each`)
await measure('SQLite, pushed by Workhorse', sqlite, ...node('workhorse', sqlite))
await measure('Redis, pushed by Workhorse', redis, ...node('workhorse', redis))
await measure('Redis, a plain RPUSH', redis, ...node('rpush', redis))
await measure('Redis, pushed by RQ', redis, '/usr/bin/python3', [join(root, 'scripts/lib/wake/pusher.py'), socket])
if (!skipIdle) {
  await measureIdle('SQLite', sqlite)
  await measureIdle('Redis', redis)
}
process.exit(0)

/** From just before the push, in another process, until the wait is over, and until the job is claimed. */
async function measure(what, url, command, args) {
  const broker = await connectBroker(url)
  const pusher = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: pusher.stdout })[Symbol.asyncIterator]()
  const woken = []
  const claimed = []
  let outcomes = []
  // The first ones load code and scripts.
  for (let sample = -20; sample < samples; sample++) {
    const waiting = broker.workWait({ queues: ['default'] }).then(now)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    pusher.stdin.write('\n')
    const wokenAt = await waiting
    const done = await broker.jobExchange({ worker: 'w', outcomes, queues: ['default'], limit: 1, leaseMs: 60_000 })
    const claimedAt = now()
    const begun = Number((await lines.next()).value)
    outcomes = done.claimed.map(({ id, executionId }) => ({ type: 'finished', jobId: id, executionId, result: 'null' }))
    if (sample < 0) continue
    woken.push(wokenAt - begun)
    claimed.push(claimedAt - begun)
  }
  await broker.jobExchange({ worker: 'w', outcomes, queues: [], limit: 0, leaseMs: 1000 })
  pusher.stdin.end()
  await broker.close()
  console.log(`${what}: woken ${spread(woken)}; claimed ${spread(claimed)}`)
}

/** Of a worker with everything that belongs to it, all in one process. */
async function measureIdle(what, url) {
  writeFileSync(join(folder, 'jobs.mjs'), `import { job } from '${join(dist, 'index.js')}'\njob('noop', () => {})`)
  const worker = spawn(
    process.execPath,
    [join(dist, 'cli/main.js'), 'worker', '--isolation', 'inline', '--broker', url],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  await new Promise((resolve) => worker.stderr.on('data', (text) => String(text).includes('worker.ready') && resolve()))
  // What starting has left to do is done.
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const before = cpuSeconds(worker.pid)
  await new Promise((resolve) => setTimeout(resolve, IDLE_S * 1000))
  const share = (cpuSeconds(worker.pid) - before) / IDLE_S
  worker.kill('SIGTERM')
  await new Promise((resolve) => worker.once('exit', resolve))
  console.log(`${what}, idle worker: ${(share * 100).toFixed(2)} % of a core over ${IDLE_S} s`)
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function now() {
  return performance.timeOrigin + performance.now()
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share) => `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(2)} ms`
  return `p50 ${at(0.5)}, p99 ${at(0.99)}`
}
