import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { printed, printedJson, runCli, startCli } from '../support/cli.ts'
import { createProject } from '../support/project.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = readFileSync(`${ROOT}/docs/limits.md`, 'utf8')

/** The page's files, by the names in their first lines. */
function files(): Record<string, string> {
  const blocks = [...PAGE.matchAll(/^```ts\n\/\/ (\S+\.ts)\n(.*?)^```$/gms)]
  return Object.fromEntries(blocks.map(([, name = '', text = '']) => [name, text]))
}

it('docs/limits.md: its examples do what it says', { timeout: 90_000 }, async () => {
  const cwd = await createProject(files())
  const worker = startCli(['worker', '--isolation', 'fork', '--concurrency', '1', '--jobs-file', 'jobs.ts'], { cwd })
  await worker.waitForEvent('worker.ready', 30_000)
  const id = await printed(['enqueue', 'hoard'], { cwd })
  await worker.waitForEvent('job.failed', 30_000)
  const failed = await printedJson<{ failure: { kind: string } }>(['jobs', 'show', id], { cwd })
  expect(failed.failure.kind).toBe('memory-limit')

  const jiti = `${ROOT}/node_modules/jiti/lib/jiti-cli.mjs`
  const { stdout, stderr } = spawnSync(process.execPath, [jiti, 'stop.ts'], { cwd, encoding: 'utf8', timeout: 40_000 })
  expect(stdout, stderr).toMatch(/^(stopped|finished)$/m)

  const commands = [...PAGE.matchAll(/^npx workhorse (.*)$/gm)].map(([, text = '']) =>
    text.replace('ID', id).split(' '),
  )
  expect(commands).toHaveLength(3)
  for (const command of commands) expect(await runCli(command, { cwd })).toMatchObject({ code: 0, stderr: '' })
})
