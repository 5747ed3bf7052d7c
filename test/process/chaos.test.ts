import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/chaos.mjs', import.meta.url))

/** It leaves with 1 where a job was lost, or a duplicate is not explained. Longer runs: npm run chaos. */
async function chaos(...flags: readonly string[]) {
  const run = spawn(process.execPath, [SCRIPT, '--built', '--kills', '60', '--seconds', '12', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // It ends what it has started.
  onTestFinished(() => void run.kill('SIGTERM'))
  let report = ''
  run.stdout.on('data', (chunk) => {
    report += chunk
  })
  const [code] = await once(run, 'close')
  expect(code, report).toBe(0)
  const count = (pattern: RegExp) => Number(pattern.exec(report)?.[1] ?? 0)
  return { report, count }
}

describe('while everything is killed at random, no job is lost and no duplicate unexplained', () => {
  it('on SQLite, whose disk is full at times', { timeout: 240_000 }, async () => {
    const { report, count } = await chaos('--broker', 'sqlite', '--seed', '11')
    expect(count(/^kills: (\d+)/m), report).toBeGreaterThan(5)
    expect(count(/^jobs: (\d+) enqueued/m), report).toBeGreaterThan(20)
    expect(count(/^effects: (\d+)/m), report).toBeGreaterThan(5)
    expect(report).toMatch(/\d full disk|not done: the disk is never full: no tmpfs can be mounted/)
  })

  it('on a Redis that is killed, too', { timeout: 240_000 }, async () => {
    const { report, count } = await chaos('--broker', 'redis', '--seed', '12')
    expect(count(/^kills: (\d+)/m), report).toBeGreaterThan(5)
    expect(count(/^jobs: (\d+) enqueued/m), report).toBeGreaterThan(20)
    expect(count(/(\d+) redis/), report).toBeGreaterThan(0)
  })
})
