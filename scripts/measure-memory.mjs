// What a slot costs in memory, over an application of a size: node scripts/measure-memory.mjs [--mb N] [--slots N]
// Starts workers in fork mode with one slot and with N, looks at them when they are idle, with a standby horse for each
// slot, and when every slot runs a job that has used its application, and divides the difference by the slots between.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

const MB = 1024 ** 2
const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '150' },
    slots: { type: 'string', default: '4' },
    built: { type: 'boolean', default: false },
  },
})
const slots = Number(values.slots)
if (!values.built) setUp({ nativeRequired: true })
const { connectBroker } = await import(join(root, 'dist/broker/index.js'))
const { createJob } = await import(join(root, 'dist/job/create-job.js'))
const { resolveJobOptions } = await import(join(root, 'dist/job/options.js'))

const folder = mkdtempSync(join(tmpdir(), 'workhorse-memory-'))
// The application: objects of all sizes, loaded before the fork. Its jobs read a tenth of them, one makes garbage of its
// own beside that, and stay until they are killed.
writeFileSync(
  join(folder, 'jobs.mjs'),
  `import { currentJob, job, preload } from '${join(root, 'dist/index.js')}'
   const application = []
   preload(() => {
     const before = process.memoryUsage().heapUsed
     while (process.memoryUsage().heapUsed - before < ${values.mb} * ${MB}) {
       for (let n = 0; n < 1000; n++) application.push({ n, name: 'entity ' + n, columns: Array.from({ length: 10 }, (_, c) => ({ c })) })
     }
   })
   const stay = async (garbage) => {
     let sum = 0
     for (let n = 0; n < application.length; n += 10) sum += application[n].columns.length
     for (let n = 0; n < garbage; n++) sum += JSON.parse(JSON.stringify({ text: 'x'.repeat(1000) })).text.length
     currentJob().setMeta({ sum, heap: process.memoryUsage().heapUsed })
     await new Promise((resolve) => setTimeout(resolve, 600_000))
   }
   job('reads', () => stay(0))
   job('litters', () => stay(10_000))`,
)
let worker
// Nothing of it stays behind, whatever ends this process.
process.on('exit', () => {
  worker?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

for (const [job, what] of [
  ['reads', 'reads a tenth of the application'],
  ['litters', 'makes 10 MB of garbage, too'],
]) {
  const one = await measure(1, job)
  const many = await measure(slots, job)
  console.log(`an application of ${values.mb} MB (heap in use ${(many.heap / MB).toFixed(0)} MB)`)
  report('idle, a standby horse for each slot', one.idle, many.idle)
  report(`busy, each slot running a job that ${what}, and the standby horses`, one.busy, many.busy)
}

/** Bytes of each of the family. */
async function measure(concurrency, name) {
  const broker = await connectBroker(`sqlite:${join(folder, `${name}-${concurrency}.db`)}`)
  const flags = ['worker', '--broker', broker.url, '--jobs-file', join(folder, 'jobs.mjs'), '--isolation', 'fork']
  worker = spawn(
    process.execPath,
    [join(root, 'dist/cli/main.js'), ...flags, '--concurrency', String(concurrency), '--log-level', 'error'],
    { stdio: 'inherit' },
  )
  const [zygote] = await eventually(() => children(worker.pid))
  await eventually(() => children(zygote).length === concurrency && children(zygote).every(isWaiting))
  const idle = weigh(zygote)
  const options = { ...resolveJobOptions(name, {}), timeoutMs: -1 }
  const jobs = Array.from({ length: concurrency }, () => createJob(name, options, []))
  await broker.jobEnqueue(jobs)
  const metas = []
  for (const { id } of jobs) metas.push(await eventually(async () => (await broker.jobFetch(id)).meta))
  await eventually(() => children(zygote).length === 2 * concurrency)
  const busy = weigh(zygote)
  const gone = new Promise((resolve) => worker.once('exit', resolve))
  worker.kill('SIGKILL')
  await gone
  await broker.close()
  return { idle, busy, heap: JSON.parse(metas[0]).heap }
}

function weigh(zygote) {
  return { zygote: ownBytes(zygote), horses: children(zygote).map(ownBytes), supervisor: ownBytes(worker.pid) }
}

/**
 * Bytes that are a process's alone, and would be free if it ended. Of the frozen image, which is a file, only what the
 * process has written to: a page of a file that one process alone has looked at counts as private for the kernel, too.
 */
function ownBytes(pid) {
  let own = 0
  for (const mapping of readFileSync(`/proc/${pid}/smaps`, 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(mapping)?.[1] ?? 0) * 1024
    own += Math.min(field('Private_Clean') + field('Private_Dirty'), field('Anonymous'))
  }
  return own
}

function report(what, one, many) {
  const all = ({ zygote, horses, supervisor }) => [zygote, supervisor, ...horses].reduce((sum, bytes) => sum + bytes, 0)
  const mb = (bytes) => (bytes / MB).toFixed(1)
  const each = mb((all(many) - all(one)) / (slots - 1))
  console.log(`${what}: ${each} MB a slot (1 slot ${mb(all(one))} MB, ${slots} slots ${mb(all(many))} MB)`)
  console.log(`  private memory: zygote ${mb(many.zygote)}, supervisor ${mb(many.supervisor)} MB`)
  console.log(
    `  of ${many.horses.length} horses ${many.horses
      .toSorted((a, b) => a - b)
      .map(mb)
      .join(', ')} MB`,
  )
}

function children(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
}

/** Asleep, as a horse is that waits for its job. */
function isWaiting(pid) {
  return /\) S /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

async function eventually(look) {
  for (;;) {
    const found = await look()
    if (Array.isArray(found) ? found.length > 0 : found) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
