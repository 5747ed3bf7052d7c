// Records what RQ writes, for test/rq-interop: node scripts/record-rq-wire.mjs
// With each version that scripts/fetch-newer.mjs has fetched: jobs in their states, a running one, its worker, results.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchNewer, newerFolder } from './lib/debian-newer.mjs'
import { root } from './lib/root.mjs'

for (const [name, { path, version }] of Object.entries(fetchNewer())) {
  if (!name.startsWith('rq-') || version === undefined) continue
  const folder = mkdtempSync(join(tmpdir(), 'workhorse-record-'))
  const socket = join(folder, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder]
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => server.stdout.on('data', (text) => String(text).includes('eady to') && resolve()))
  const env = { ...process.env, PYTHONPATH: `${folder}:${join(newerFolder, path)}`, PYTHONWARNINGS: 'ignore' }
  const script = join(root, 'scripts/lib/record-rq-wire.py')
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [script, socket, folder], { env, encoding: 'utf8' })
  server.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  if (status !== 0) throw new Error(`RQ ${version} could not be recorded:\n${stderr}`)
  const file = join(root, 'test/rq-interop/wire', `rq-${version}.json`)
  writeFileSync(file, `${JSON.stringify(JSON.parse(stdout), null, 2)}\n`)
  console.log(`recorded ${file}`)
}
