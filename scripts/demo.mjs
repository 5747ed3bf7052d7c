// The story, on a fresh clone or a used one: node scripts/demo.mjs [--json] [--jobs N] [--workers N]
import { join } from 'node:path'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

setUp({ nativeRequired: true })
const { loadModule } = await import(join(root, 'dist', 'job', 'load-modules.js'))
const { main } = await loadModule(join(root, 'examples', 'redash', 'demo.ts'))
process.exitCode = await main(process.argv.slice(2))
