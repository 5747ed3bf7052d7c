// How many executions of a busy worker a profile has, of all that began in its window, and by how much it slows them:
// node scripts/measure-loss.mjs [seconds] [every]
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { root } from './lib/root.mjs'

const [seconds = '10', every = '1'] = process.argv.slice(2)
const SLOTS = 4
const ALONE_SECONDS = 5
// Until the worker's own code is compiled.
const WARM_UP_SECONDS = 8
const JOBS_A_SECOND = 800

const folder = mkdtempSync(join(tmpdir(), 'workhorse-loss-'))
const jobs = join(folder, 'jobs.mjs')
const begun = join(folder, 'begun')
const index = JSON.stringify(`file://${root}/dist/index.js`)
// Each execution says when it began, in one write.
writeFileSync(
  jobs,
  `import { appendFileSync } from 'node:fs'
import { job } from ${index}
export const short = job('short', (n) => {
  appendFileSync(${JSON.stringify(begun)}, Date.now() + '\\n')
  let sum = 0
  for (let i = 0; i < 1000 * n; i++) sum += Math.sqrt(i)
  return sum
})`,
)
const env = { ...process.env, WORKHORSE_RUNTIME_DIR: join(folder, 'run'), WORKHORSE_BROKER: 'sqlite:loss.db' }
const main = join(root, 'dist', 'cli', 'main.js')
const cli = (...args) => spawn(process.execPath, [main, ...args], { cwd: folder, env, stdio: 'ignore' })
const ended = (child) => new Promise((resolve) => child.once('exit', resolve))

process.chdir(folder)
process.env.WORKHORSE_BROKER = 'sqlite:loss.db'
const { disconnect } = await import(`${root}/dist/index.js`)
const { short } = await import(jobs)
const count = JOBS_A_SECOND * (Number(seconds) + WARM_UP_SECONDS + ALONE_SECONDS + 10)
for (let done = 0; done < count; done += 200)
  await Promise.all(Array.from({ length: 200 }, (_, i) => short.enqueue(i % 3)))
await disconnect()

const worker = cli('worker', '--name', 'busy', '--concurrency', String(SLOTS), '--jobs-file', jobs)
try {
  while (!existsSync(begun)) await setTimeout(50)
  await setTimeout(WARM_UP_SECONDS * 1000)
  const from = Date.now()
  await setTimeout(ALONE_SECONDS * 1000)
  const alone = countBetween(from, Date.now()) / ALONE_SECONDS
  await ended(cli('profile', '-p', 'busy', '-d', `${seconds}s`, '--every', every, '-o', 'out.json'))
  const { meta } = JSON.parse(readFileSync('out.json', 'utf8'))
  const until = meta.startedAt + Number(seconds) * 1000
  const during = countBetween(meta.startedAt, until)
  console.log(`alone ${alone.toFixed(0)} executions a second, while profiled ${(during / Number(seconds)).toFixed(0)}`)
  console.log(
    `began in the window ${during}; profiles ${meta.executions}, left alone ${meta.skipped}, known as lost ${meta.lost}: ${((100 * (during - meta.executions - meta.skipped)) / during).toFixed(2)} % missing`,
  )
  const each = (meta.sampler.startUs + meta.sampler.stopUs) / 1000 / meta.executions
  console.log(
    `${(meta.cpuUs / 1000 / meta.executions).toFixed(2)} ms CPU each, and ${each.toFixed(2)} ms for measuring`,
  )
} finally {
  worker.kill('SIGKILL')
  await ended(worker)
  rmSync(folder, { recursive: true, force: true })
}

function countBetween(start, end) {
  return readFileSync(begun, 'utf8')
    .split('\n')
    .filter((at) => at !== '' && at >= start && at < end).length
}
