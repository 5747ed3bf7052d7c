import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { inRepository, PYTHON } from './paths.mjs'

const FOLDER = inRepository('bench/peers')
const DEBIAN = { rq: 'python3-rq', celery: 'python3-celery', sqlalchemy: 'python3-sqlalchemy' }

/** Installs what is missing where that may be done. @returns sentences for what stays missing */
export function installPeers() {
  const missing = []
  if (!existsSync(`${FOLDER}/node_modules/bullmq/package.json`)) {
    // `npm ci` wants the optional builds of all platforms in the lock; this keeps to the lock as well.
    const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund']
    if (!succeeds('npm', args, { cwd: FOLDER }))
      missing.push(`bullmq; install: cd bench/peers && npm ${args.join(' ')}`)
  }
  const packages = Object.entries(DEBIAN).filter(([module]) => pythonVersion(module) === undefined)
  if (packages.length > 0 && !(process.getuid?.() === 0 && installDebian(packages.map(([, name]) => name)))) {
    missing.push(`${packages.map(([module]) => module).join(', ')}; install: ${debianCommand(packages)}`)
  }
  return missing
}

/** Of the engines that can be measured here. */
export function installedVersions() {
  const versions = { workhorse: read(inRepository('package.json')).version }
  const bullmq = `${FOLDER}/node_modules/bullmq/package.json`
  if (existsSync(bullmq)) versions.bullmq = read(bullmq).version
  for (const module of Object.keys(DEBIAN)) {
    const version = pythonVersion(module)
    if (version !== undefined) versions[module] = version
  }
  return versions
}

function pythonVersion(module) {
  const field = module === 'rq' ? 'VERSION' : '__version__'
  const { status, stdout } = spawnSync(PYTHON, ['-W', 'ignore', '-c', `import ${module}; print(${module}.${field})`])
  return status === 0 ? stdout.toString().trim() : undefined
}

function installDebian(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return (
    succeeds('apt-get', ['update', '--quiet'], { env }) &&
    succeeds('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env })
  )
}

function debianCommand(packages) {
  return `sudo apt-get install --no-install-recommends ${packages.map(([, name]) => name).join(' ')}`
}

/** Its output goes where it does not mix with ours. */
function succeeds(file, args, options) {
  return spawnSync(file, args, { stdio: ['ignore', 2, 2], ...options }).status === 0
}

function read(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
