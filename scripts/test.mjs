// Everything that must hold, on a fresh clone or a used one: node scripts/test.mjs [vitest arguments]
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installMissingPackages } from './lib/debian.mjs'
import { fetchNewer } from './lib/debian-newer.mjs'
import { root } from './lib/root.mjs'
import { runNode } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'

const tool = (...path) => join(root, 'node_modules', ...path)
const report = join(tmpdir(), `workhorse-tests-${process.pid}.json`)

installMissingPackages()
setUp({ nativeRequired: true })
fetchNewer()

step('format and lint')
runNode(tool('@biomejs', 'biome', 'bin', 'biome'), 'ci', '--error-on-warnings', '.')
step('types')
runNode(tool('typescript', 'bin', 'tsc'), '-p', '.')
runNode(tool('typescript', 'bin', 'tsc'), '-p', join('src', 'profiler', 'flame', 'browser'))
step('import directions and cycles')
runNode(tool('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), 'src')
step('behaviours')
process.on('exit', () => rmSync(report, { force: true }))
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
runNode(tool('vitest', 'vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2))

const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)

function step(name) {
  console.log(`\n> ${name}`)
}
