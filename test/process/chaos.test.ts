import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/chaos.mjs', import.meta.url))

it('no job is lost, and no duplicate unexplained, while everything is killed at random', {
  timeout: 240_000,
}, async () => {
  const chaos = spawn(process.execPath, [SCRIPT, '--built', '--seconds', '15', '--seed', '11'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // It ends what it has started.
  onTestFinished(() => void chaos.kill('SIGTERM'))
  let report = ''
  chaos.stdout.on('data', (chunk) => {
    report += chunk
  })
  const [code] = await once(chaos, 'close')
  expect(code, report).toBe(0)
  const kills = /^kills: (\d+) horse, (\d+) zygote, (\d+) supervisor, (\d+) producer, (\d+) stop$/m.exec(report)
  expect(
    kills?.slice(1).reduce((sum, count) => sum + Number(count), 0),
    report,
  ).toBeGreaterThan(5)
  expect(Number(/^jobs: (\d+) enqueued/m.exec(report)?.[1]), report).toBeGreaterThan(50)
})
