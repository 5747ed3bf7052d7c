import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.mjs'

/** What the tests need of the machine: a command, and the Debian package that brings it. */
const NEEDED = {
  'g++': 'g++',
  make: 'make',
  python3: 'python3',
  git: 'git',
  chromium: 'chromium',
  'redis-server': 'redis-server',
  rq: 'python3-rq',
}

/** Installs what is missing where this may be done, else says what to install and fails. */
export function installMissingPackages() {
  const missing = Object.entries(NEEDED)
    .filter(([command]) => !isOnPath(command))
    .map(([, name]) => name)
  if (missing.length === 0) return
  const install = ['install', '--yes', '--no-install-recommends', ...missing]
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    console.error(`the tests need ${missing.join(', ')}; install: sudo apt-get ${install.join(' ')}`)
    process.exit(1)
  }
  run('apt-get', ['update', '--quiet'])
  run('apt-get', install, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
}

function isOnPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
}
