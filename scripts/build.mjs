// Compiles src/ to dist/, code for browsers into one script each, and leaves alone what is newer than all of its sources.
// node scripts/build.mjs [--force] [--unchecked]: the second leaves checking types to whoever calls it.
import { chmodSync, cpSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bundle } from './lib/bundle.mjs'
import { newestChange } from './lib/newest-change.mjs'
import { root } from './lib/root.mjs'
import { runNode } from './lib/run.mjs'

const dist = join(root, 'dist')
const sources = newestChange([join(root, 'src'), join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json')])
if (process.argv.includes('--force') || newestChange([join(dist, 'index.js')]) < sources) {
  const begun = Date.now()
  await bundle('profiler/flame/browser/page.ts', 'profiler/flame/page.js')
  const unchecked = process.argv.includes('--unchecked') ? ['--noCheck'] : []
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  runNode(tsc, '-p', join(root, 'tsconfig.build.json'), ...unchecked)
  // What is read as text at run time.
  const scripts = join('broker', 'redis', 'scripts')
  cpSync(join(root, 'src', scripts), join(dist, scripts), { recursive: true })
  // Written over in place, so that what runs from it meanwhile goes on; what has no source any more goes.
  removeOlder(dist, begun - 1000)
  chmodSync(join(dist, 'cli', 'main.js'), 0o755)
}

function removeOlder(folder, time) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) removeOlder(path, time)
    else if (statSync(path).mtimeMs < time) rmSync(path)
  }
}
