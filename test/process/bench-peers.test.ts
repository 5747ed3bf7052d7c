import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../bench/peers/main.mjs', import.meta.url))
const run = promisify(execFile)

it('measures Workhorse beside a peer, through the proxy too, and judges the bars', { timeout: 120_000 }, async () => {
  const only = 'noop/rq/fork-preloaded/1,noop/workhorse/fork/4/proxy+0ms,enqueue/workhorse/bulk'
  const args = [MAIN, '--built', '--no-install', '--rounds', '1', '--jobs', '40', '--only', only, '--json']
  const { stdout } = await run(process.execPath, args)
  const { results, failures, bars } = JSON.parse(stdout)
  expect(failures).toEqual([])
  expect(results.map(({ id }: { id: string }) => id)).toEqual([
    'noop/rq/fork-preloaded/1',
    'noop/workhorse/fork/4/proxy+0ms',
    'enqueue/workhorse/bulk',
    'enqueue/workhorse/bulk/sqlite',
  ])
  for (const { id, jobsPerSecond } of results) expect(jobsPerSecond, id).toBeGreaterThan(0)
  const requests = bars.find(({ what }: { what: string }) => what === 'fork, 4 slots: requests to Redis per job')
  expect(requests).toMatchObject({ reached: expect.any(Boolean), value: expect.any(Number) })
})

it('names its cases where none fits', async () => {
  const refused = run(process.execPath, [MAIN, '--built', '--no-install', '--only', 'sidekiq'])
  await expect(refused).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('noop/bullmq/sandbox/4') })
})
