// Builds the native addon and puts it where load-native.ts looks: node scripts/build-native.mjs [--required]
// Where it cannot be built, one line says what is missing; that is an error only with --required.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = join(root, 'native')
const built = join(source, 'build', 'Release', 'workhorse.node')
const INSTALL = 'apt-get install g++ make python3'

const missing = findMissing()
if (missing !== null) giveUp(missing)
if (!isFresh(built)) build()
publish()

function findMissing() {
  if (process.platform !== 'linux') return `fork mode is for Linux, and this is ${process.platform}`
  const absent = ['make', 'python3', process.env.CXX ?? 'g++'].filter((command) => !isOnPath(command))
  if (absent.length > 0) return `${absent.join(', ')} not found; install: ${INSTALL}`
  if (findNodeGyp() === null) return 'node-gyp not found; it comes with npm: install npm'
  return null
}

function isOnPath(command) {
  if (command.includes('/')) return existsSync(command)
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
}

// npm's own node-gyp: below the npm that runs this script, else below the npm that lies next to node or on PATH.
function findNodeGyp() {
  const script = join('node_modules', 'node-gyp', 'bin', 'node-gyp.js')
  const beside = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)]
    .map((folder) => join(folder, 'npm'))
    .filter((command) => existsSync(command))
    .map((command) => dirname(dirname(realpathSync(command))))
  const running = process.env.npm_execpath ? [dirname(dirname(process.env.npm_execpath))] : []
  return [...running, ...beside].map((folder) => join(folder, script)).find((path) => existsSync(path)) ?? null
}

function isFresh(path) {
  if (!existsSync(path)) return false
  return sources().every((name) => statSync(join(source, name)).mtimeMs < statSync(path).mtimeMs)
}

function sources() {
  return readdirSync(source).filter((name) => /\.(c|h|gyp)$/.test(name))
}

// In a folder of its own: two builds at once do not meet, and one that fails leaves the addon that was there.
function build() {
  const folder = mkdtempSync(join(tmpdir(), 'workhorse-native-'))
  for (const name of sources()) copyFileSync(join(source, name), join(folder, name))
  const run = spawnSync(process.execPath, [findNodeGyp(), 'rebuild', ...headers()], { cwd: folder, encoding: 'utf8' })
  const output = `${run.stdout}${run.stderr}`
  if (run.status === 0) put(join(folder, 'build', 'Release', 'workhorse.node'), built)
  rmSync(folder, { recursive: true })
  if (run.status !== 0) giveUp(`the compilation failed: ${firstComplaint(output)} (it needs: ${INSTALL})`)
  if (output.includes('warning:')) console.error(output)
}

// Headers next to node save the download of others.
function headers() {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : []
}

function firstComplaint(output) {
  return output.split('\n').find((line) => /error:|not found|ERR! stack/i.test(line)) ?? 'node-gyp does not say why'
}

function publish() {
  const libc = readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-') ? '-musl' : ''
  put(built, join(root, 'prebuilds', `${process.platform}-${process.arch}${libc}`, 'workhorse.node'))
}

// By rename: a process that has the old file loaded keeps it.
function put(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, `${to}.${process.pid}`)
  renameSync(`${to}.${process.pid}`, to)
}

function giveUp(reason) {
  const required = process.argv.includes('--required')
  console.error(
    `workhorse: the native addon was not built: ${reason}${required ? '' : ' (fork mode is not available)'}`,
  )
  process.exit(required ? 1 : 0)
}
