import { readFileSync } from 'node:fs'

/** Where scripts/build.mjs puts the code for the browser: the same, seen from src/ and from dist/. */
const BUNDLE = new URL('../../../dist/profiler/flame/page.js', import.meta.url)

/** The code that makes the picture answer, as one classic script. */
export function browserScript(): string {
  return readFileSync(BUNDLE, 'utf8')
}
