import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/**
 * What some tests run beside what the system has: Valkey, and versions of Python RQ that Debian stable has not. Nothing is
 * installed: packages are fetched and checked by apt with a state of its own, and unpacked here.
 */
export const newerFolder = join(root, 'node_modules', '.cache', 'debian-newer')
const found = join(newerFolder, 'found.json')
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const MIRROR = 'http://deb.debian.org/debian'

/** Name of the folder, suite, packages, and the command that proves that it runs here and prints its version. */
const SETS = {
  valkey: {
    suite: 'bookworm-backports',
    packages: ['valkey-server', 'valkey-tools'],
    path: 'usr/bin/valkey-server',
    proof: (path) => [path, ['--version'], {}],
  },
  'rq-trixie': python('trixie', ['python3-rq']),
  'rq-sid': python('sid', ['python3-rq', 'python3-croniter']),
}

function python(suite, packages) {
  const script = 'import rq, rq.worker, rq.cli; print(rq.VERSION)'
  const proof = (path) => ['/usr/bin/python3', ['-c', script], { PYTHONPATH: path }]
  return { suite, packages, path: 'usr/lib/python3/dist-packages', proof }
}

/** Fetches what is not there yet, and notes what runs here. Whatever cannot be had is named with the reason, and skipped. */
export function fetchNewer() {
  const known = existsSync(found) ? JSON.parse(readFileSync(found, 'utf8')) : {}
  const isThere = (path) => path !== undefined && existsSync(join(newerFolder, path))
  const wanted = Object.keys(SETS).filter((name) => !isThere(known[name]?.path))
  if (wanted.length === 0) return known
  mkdirSync(newerFolder, { recursive: true })
  const reason = updateLists([...new Set(wanted.map((name) => SETS[name].suite))])
  for (const name of wanted) known[name] = reason === undefined ? fetchSet(name) : { reason }
  rmSync(join(newerFolder, 'apt'), { recursive: true, force: true })
  writeFileSync(found, `${JSON.stringify(known, null, 2)}\n`)
  for (const name of wanted) {
    const { version, reason } = known[name]
    console.log(version === undefined ? `${name} cannot be had: ${reason}` : `fetched ${name}: ${version}`)
  }
  return known
}

/** Returns why there is nothing to be had. */
function updateLists(suites) {
  if (process.arch !== 'x64') return `Debian's packages are fetched for x86-64 only, and this is ${process.arch}`
  if (!existsSync(KEYRING)) return `there is no ${KEYRING}: it is no Debian`
  mkdirSync(join(newerFolder, 'apt', 'lists', 'partial'), { recursive: true })
  mkdirSync(join(newerFolder, 'apt', 'archives', 'partial'), { recursive: true })
  const lines = suites.map((suite) => `deb [signed-by=${KEYRING}] ${MIRROR} ${suite} main\n`)
  writeFileSync(join(newerFolder, 'apt', 'sources.list'), lines.join(''))
  const { ok, text } = apt(['update', '--quiet', '--error-on=any'])
  return ok ? undefined : `apt-get update failed: ${text}`
}

function fetchSet(name) {
  const { suite, packages, path, proof } = SETS[name]
  const here = join(newerFolder, name)
  const scratch = mkdtempSync(join(newerFolder, 'fetch-'))
  try {
    const download = apt(['download', ...packages.map((one) => `${one}/${suite}`)], scratch)
    if (!download.ok) return { reason: `apt-get download failed: ${download.text}` }
    for (const file of readdirSync(scratch).filter((one) => one.endsWith('.deb'))) {
      const { status, stderr } = spawnSync('dpkg-deb', ['-x', file, 'tree'], { cwd: scratch, encoding: 'utf8' })
      if (status !== 0) return { reason: `${file} cannot be unpacked: ${stderr}` }
    }
    rmSync(here, { recursive: true, force: true })
    renameSync(join(scratch, 'tree'), here)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  const [command, args, env] = proof(join(here, path))
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } })
  if (status !== 0) return { reason: `it does not run here: ${lastLine(stderr ?? '')}` }
  return { path: join(name, path), version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim() }
}

function apt(args, cwd = newerFolder) {
  const at = join(newerFolder, 'apt')
  const options = {
    'Dir::State::lists': join(at, 'lists'),
    'Dir::Cache': at,
    'Dir::Etc::sourcelist': join(at, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Acquire::Languages': 'none',
    'Acquire::http::Timeout': '20',
    'APT::Sandbox::User': '',
  }
  const given = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const { status, stderr, error } = spawnSync('apt-get', [...given, ...args], {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
  })
  return { ok: status === 0, text: error?.message ?? lastLine(stderr ?? '') }
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? ''
}
