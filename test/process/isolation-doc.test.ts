import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { printed, printedJson } from '../support/cli.ts'
import { createProject } from '../support/project.ts'

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/isolation.md', import.meta.url)), 'utf8')

/** The page's files, by the comment in their first line. */
function files(): Record<string, string> {
  const blocks = [...PAGE.matchAll(/^```ts\n(\/\/ (\S+)\n.*?)^```$/gms)]
  return Object.fromEntries(blocks.map(([, text = '', name = '']) => [name, text]))
}

describe('docs/isolation.md', () => {
  it('shows jobs that share a child, and one that does not', { timeout: 60_000 }, async () => {
    const cwd = await createProject(files())
    const config = ['--config', join(cwd, 'isolation.config.ts')]
    for (const [name, id] of [
      ['count', 'a'],
      ['risky', 'b'],
      ['count', 'c'],
      ['risky', 'd'],
      ['count', 'e'],
    ] as const) {
      await printed(['enqueue', name, '--id', id, ...config], { cwd })
    }
    await printed(['worker', '--burst', ...config], { cwd, timeoutMs: 50_000 })
    const results: string[] = []
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      results.push((await printedJson<{ result: string }>(['jobs', 'show', id, ...config], { cwd })).result)
    }
    expect(results.map((result) => JSON.parse(String(result)))).toEqual([0, 0, 1, 0, 2])
  })

  it('names every option of a pool', () => {
    const source = readFileSync(fileURLToPath(new URL('../../src/config/config.ts', import.meta.url)), 'utf8')
    const keys = /const POOL_KEYS = \[(.*?)\]/s.exec(source)?.[1]?.match(/\w+/g) ?? []
    expect(keys.length).toBeGreaterThan(5)
    for (const key of keys) expect(PAGE).toContain(`| \`${key}\` |`)
  })
})
