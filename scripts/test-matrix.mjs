// The tests that depend on Node's insides, on every major version that we support:
// node scripts/test-matrix.mjs [majors…]
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'

const MAJORS = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26']
const TESTS = [
  'test/conformance',
  'test/process/fork',
  'test/process/heir',
  'test/process/native',
  'test/process/witness',
  'test/process/worker',
  'test/process/redash',
]

setUp({ nativeRequired: true })
const failed = []
for (const major of MAJORS) {
  const node = install(major)
  console.log(`\n> Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`)
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const env = { ...process.env, WORKHORSE_TEST_FORKS: '304' }
  const { status } = spawnSync(node, [vitest, 'run', ...TESTS], { cwd: root, stdio: 'inherit', env })
  if (status !== 0) failed.push(major)
}
if (failed.length > 0) {
  console.error(`\nfailed on Node ${failed.join(', ')}`)
  process.exit(1)
}
console.log(`\npassed on Node ${MAJORS.join(', ')}`)

/** The binary from the npm package of that major, beside our own dependencies. */
function install(major) {
  const folder = join(root, 'node_modules', '.cache', 'node', major)
  mkdirSync(folder, { recursive: true })
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
  const [command, ...args] = [...npm, 'install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder]
  run(command, [...args, `node-linux-${process.arch}@${major}`], { stdio: 'ignore' })
  return join(folder, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
}
