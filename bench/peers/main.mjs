// Workhorse beside its peers, on one Redis, in one run: npm run bench:peers -- [--json] [--only TEXT[,TEXT]] [--jobs N]
// [--rounds N] [--no-install] [--built]. See README.md.
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setUp } from '../../scripts/lib/setup.mjs'
import { judgeBars } from './lib/bars.mjs'
import { CASES } from './lib/cases.mjs'
import { inRepository } from './lib/paths.mjs'
import { installedVersions, installPeers } from './lib/peers.mjs'
import { endAll } from './lib/processes.mjs'
import { formatReport } from './lib/report.mjs'
import { runCase } from './lib/run-case.mjs'
import { startServer } from './lib/server.mjs'
import { summarize } from './lib/summarize.mjs'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    jobs: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    install: { type: 'boolean', default: true },
    built: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const rounds = wholeNumber('rounds', values.rounds)
const jobs = values.jobs === undefined ? undefined : wholeNumber('jobs', values.jobs)
const wanted = (values.only ?? '').split(',')
const chosen = CASES.filter(({ id }) => wanted.some((text) => id.includes(text)))
if (chosen.length === 0) fail(`--only ${values.only} fits none of:\n${CASES.map(({ id }) => `  ${id}`).join('\n')}`)

if (!values.built) setUp({ nativeRequired: true })
const missing = values.install ? installPeers() : []
const versions = installedVersions()
const cases = chosen.filter(({ engine, drain }) => isInstalled(engine.name, drain))
for (const { id } of chosen.filter((each) => !cases.includes(each))) missing.push(`${id}: its peer is not installed`)

const folder = mkdtempSync(join(tmpdir(), 'workhorse-peers-'))
const server = await startServer(folder)
// Nothing of it stays behind, whatever ends this process.
process.on('exit', () => {
  endAll()
  server.stop()
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const loadBefore = loadavg()[0]
const measured = new Map()
const failures = []
for (let round = 1; round <= rounds; round++) {
  for (const each of cases) {
    try {
      const result = await runCase(each, { server, folder, jobs: jobs ?? each.jobs })
      measured.set(each.id, [...(measured.get(each.id) ?? []), result])
      console.error(`round ${round}  ${each.id}  ${Math.round(result.jobsPerSecond)}/s`)
    } catch (error) {
      failures.push({ id: each.id, message: error.message })
      console.error(`round ${round}  ${each.id}  failed: ${error.message}`)
    }
  }
}

const { describeMachine } = await import(inRepository('dist/bench/machine.js'))
const results = [...measured].map(([id, all]) => summarize(id, all))
const report = {
  results,
  failures,
  bars: judgeBars(new Map(results.map((result) => [result.id, result]))),
  versions: Object.entries(versions).map(([name, version]) => `${name} ${version}`),
  missing,
  machine: describeMachine(),
  loadBefore,
  server: server.version,
}
console.log(values.json ? JSON.stringify(report, undefined, 2) : formatReport(report))
process.exit(failures.length > 0 ? 1 : 0)

function isInstalled(name, drain) {
  const needs = [name, ...(drain?.work === 'record_event' && ['rq', 'celery'].includes(name) ? ['sqlalchemy'] : [])]
  return needs.every((need) => need in versions)
}

function wholeNumber(name, text) {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    fail(`--${name} is ${JSON.stringify(text)}; expected a whole number above 0`)
  return number
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
