// Compiles src/ to dist/, and leaves alone what is newer than all of its sources.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newestChange } from './lib/newest-change.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const stamp = join(dist, 'index.js')

const sources = newestChange([join(root, 'src'), join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json')])
if (process.argv.includes('--force') || newestChange([stamp]) < sources) {
  rmSync(dist, { recursive: true, force: true })
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  chmodSync(join(dist, 'cli', 'main.js'), 0o755)
}
