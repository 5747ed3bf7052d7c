// Everything that must hold, on a fresh clone or a used one: node scripts/test.mjs [vitest arguments]
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installMissingPackages } from './lib/debian.mjs'
import { root } from './lib/root.mjs'
import { runNode } from './lib/run.mjs'
import { installDependencies } from './lib/setup.mjs'
import { Steps } from './lib/steps.mjs'

const script = (name) => join(root, 'scripts', name)
const tool = (...path) => join(root, 'node_modules', ...path)
const tsc = tool('typescript', 'bin', 'tsc')
const report = join(tmpdir(), `workhorse-tests-${process.pid}.json`)

installMissingPackages()
installDependencies()

const steps = new Steps()
await steps.end(
  steps.node('what Debian stable has not', script('fetch-newer.mjs')),
  compileAndCheck(),
  steps.node('native addon', script('build-native.mjs'), '--required'),
  steps.node('import directions and cycles', tool('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), 'src'),
  steps.node('format and lint', tool('@biomejs', 'biome', 'bin', 'biome'), 'ci', '--error-on-warnings', '.'),
)

console.log('\n> behaviours')
process.on('exit', () => rmSync(report, { force: true }))
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
runNode(tool('vitest', 'vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2))

const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)

/** The tests' types are checked against those in dist/, and src/ along with them: once is enough. */
async function compileAndCheck() {
  if (!(await steps.node('compiled code', script('build.mjs'), '--unchecked'))) return
  await steps.node('types', tsc, '-p', '.')
  await steps.node('types of what runs in a browser', tsc, '-p', join('src', 'profiler', 'flame', 'browser'))
}
