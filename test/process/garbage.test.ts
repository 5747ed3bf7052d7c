import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('./fixtures/garbage.mjs', import.meta.url))

describe('a job that has ended', () => {
  it('leaves next to nothing that only a full collection of memory would clear away', () => {
    // A job takes some kilobytes. What survives of them is copied and promoted, which costs more than a small job.
    const bytes = Number(execFileSync(process.execPath, ['--expose-gc', SCRIPT], { encoding: 'utf8' }))
    expect(bytes).toBeLessThan(200)
  })
})
