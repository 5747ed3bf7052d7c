import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const GENERATOR = fileURLToPath(new URL('../../scripts/generate-cli-docs.mjs', import.meta.url))

it('docs/cli.md is what the command table says', () => {
  const { status, stderr } = spawnSync(process.execPath, [GENERATOR, '--check'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
