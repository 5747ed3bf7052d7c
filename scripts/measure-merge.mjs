// Merges many profiles and says how long it took and how much memory: node scripts/measure-merge.mjs [count] [file job args]
// Some real executions are profiled first; they are merged again and again.
import { resolve } from 'node:path'
import { Trial } from '../dist/profiler/capture/trial.js'
import { ProfileMerge } from '../dist/profiler/merge.js'
import { root } from './lib/root.mjs'

const [count = '10000', file, job = 'render', args = '["letter-3", {"name": "Ada"}]'] = process.argv.slice(2)
const module = file ? resolve(file) : `${root}/test/fixtures/doctor/templates.mjs`
const DIFFERENT = 20

const texts = []
const trial = await Trial.open({ modules: [module] })
try {
  while (texts.length < DIFFERENT) {
    const { raw } = await trial.run({ name: job, args }, { kind: 'cpu', interval: 1000 })
    if (raw === undefined) throw new Error(`${job} has handed over no profile`)
    texts.push(raw)
  }
} finally {
  await trial.close()
}

const bytes = texts.reduce((sum, text) => sum + text.length, 0) / DIFFERENT
const nodes = texts.reduce((sum, text) => sum + JSON.parse(text).profile.nodes.length, 0) / DIFFERENT
const before = process.cpuUsage()
const begun = performance.now()
const merge = new ProfileMerge()
for (let index = 0; index < Number(count); index++) merge.addText(texts[index % DIFFERENT])
const profile = merge.build({
  title: job,
  unit: 'microseconds',
  jobs: [job],
  lost: 0,
  skipped: 0,
  rateHz: 1000,
  startedAt: 0,
  durationMs: 0,
})
const seconds = (performance.now() - begun) / 1000
const { user, system } = process.cpuUsage(before)
const { maxRSS } = process.resourceUsage()
console.log(
  `${count} profiles of ${(bytes / 1000).toFixed(1)} kB and ${nodes.toFixed(0)} nodes: ${profile.nodes.length} nodes`,
)
console.log(
  `${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s CPU, at most ${(maxRSS / 1024).toFixed(0)} MB`,
)
