import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('./fixtures/shapes.mjs', import.meta.url))

// A hidden class of its own keeps all that its object can reach until the next full collection of memory, and young ones copy it.
it('objects that every job has are of one hidden class, not each of its own', () => {
  const same = execFileSync(process.execPath, ['--allow-natives-syntax', SCRIPT], { encoding: 'utf8' })
  expect(JSON.parse(same)).toEqual({ job: true, outcome: true, bill: true })
})
