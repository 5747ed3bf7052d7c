import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { root } from './root.mjs'

/** Makes one classic script, which can stand inside a page, of a module in src/ and of what it imports. */
export async function bundle(entry, target) {
  const file = join(root, 'dist', target)
  const build = await rolldown({ input: join(root, 'src', entry), platform: 'browser' })
  await build.write({ file, format: 'iife', minify: true, codeSplitting: false })
  await build.close()
  // Either would end the script element: the first in HTML, the second in SVG.
  const found = /<\/script|<!--|\]\]>/i.exec(readFileSync(file, 'utf8'))
  if (found) throw new Error(`${file} has ${found[0]} in it, and cannot stand inside a page`)
}
