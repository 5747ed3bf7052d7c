import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { type Workplace, workplace } from '../support/worker.ts'

const modules = [fixtureJobs('limits.mjs')]

async function begun({ broker }: Workplace, id: string): Promise<void> {
  await eventually(async () => expect((await broker.jobFetch(id))?.meta).toBeDefined(), { timeoutMs: 20_000 })
}

/** A worker in a process of its own, on the test's broker. */
async function startOther(place: Workplace, file: string, ...flags: readonly string[]) {
  const cwd = await temporaryDirectory()
  return startCli(['worker', '--broker', place.url, '--jobs-file', fixtureJobs(file), ...flags], { cwd })
}

describe('a supervisor', () => {
  test('that stood still past its lease ends nothing of what another runs by then', { timeout: 60_000 }, async () => {
    const place = await workplace('fork')
    const flags = ['--isolation', 'fork', '--lease', '1s', '--concurrency', '1']
    const still = await startOther(place, 'limits.mjs', ...flags)
    const id = await place.enqueue('hold', [4000])
    await begun(place, id)
    still.kill('SIGSTOP')
    onTestFinished(() => still.kill('SIGCONT'))
    const heir = place.start({ modules, lease: '30s', concurrency: 1 })
    await eventually(async () => expect(await place.broker.jobFetch(id)).toMatchObject({ worker: heir.name }), {
      timeoutMs: 20_000,
    })
    still.kill('SIGCONT')
    // Whichever it hears of first: that its lease is gone, or that its end came too late.
    await still.waitForOutput(/"event":"(lease.lost|outcome.refused)"/, 20_000)
    expect(await place.ended(id)).toMatchObject({ state: 'finished', worker: heir.name, attempts: 2, abandonments: 1 })
  })

  test('that has lost a lease unnoticed has the late end refused, and says so', { timeout: 60_000 }, async () => {
    const place = await workplace('inline')
    // As if it stood still at each renewal: nobody tells it that its lease is gone.
    const deaf = new Proxy(place.broker, {
      get(target, name) {
        if (name === 'leaseRenew') return async () => []
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const release = join(await temporaryDirectory(), 'release')
    const id = await place.enqueue('burn-allocate-hold', [0, 0, release])
    const late = place.start({ broker: deaf, modules, lease: '500ms', concurrency: 1 })
    const refused: string[] = []
    late.supervisor.on('refused', ({ jobId }) => refused.push(jobId))
    await begun(place, id)
    const thief = { worker: 'thief', queues: ['default'], limit: 1, leaseMs: 60_000, outcomes: [] }
    await eventually(async () => expect((await place.broker.jobExchange(thief)).claimed).toHaveLength(1), {
      timeoutMs: 20_000,
    })
    await writeFile(release, '')
    await eventually(() => expect(refused).toEqual([id]), { timeoutMs: 20_000 })
    expect(place.log.join('')).toMatch(/"event":"outcome.refused".* ended too late \(finished\): its lease was lost/)
    expect(await place.broker.jobFetch(id)).toMatchObject({ state: 'started', worker: 'thief', abandonments: 1 })
  })

  test('whose time of day is set by an hour loses no job', { timeout: 60_000 }, async () => {
    const place = await workplace('inline')
    const release = join(await temporaryDirectory(), 'release')
    const worker = place.start({ modules, lease: '1500ms', concurrency: 1 })
    const maintained: number[] = []
    worker.supervisor.on('maintained', ({ reclaimed }) => maintained.push(reclaimed.length))
    onTestFinished(() => void vi.useRealTimers())
    const id = await place.enqueue('burn-allocate-hold', [0, 0, release])
    await begun(place, id)
    for (const jumpMs of [3_600_000, -3_600_000]) {
      vi.setSystemTime(Date.now() + jumpMs)
      const before = maintained.length
      await eventually(() => expect(maintained.length).toBeGreaterThan(before + 4), { timeoutMs: 20_000 })
      vi.useRealTimers()
    }
    await writeFile(release, '')
    expect(await place.ended(id)).toMatchObject({ state: 'finished', attempts: 1, abandonments: 0 })
    expect(new Set(maintained)).toEqual(new Set([0]))
  })

  test('that dies gives its jobs back to the front of their queue, in their order', { timeout: 60_000 }, async () => {
    const place = await workplace('inline')
    const doomed = await startOther(place, 'limits.mjs', '--isolation', 'inline', '--lease', '1s', '--concurrency', '2')
    const [first, second] = [await place.enqueue('hold', [60_000]), await place.enqueue('hold', [60_000])]
    await begun(place, second)
    const third = await place.enqueue('hold', [1])
    doomed.kill('SIGKILL')
    await doomed.exited
    const started: string[] = []
    const heir = place.worker({ modules, lease: '1s', concurrency: 3 })
    heir.supervisor.on('started', ({ id }) => started.push(id))
    // Not before they are back, or the third would be taken alone.
    await eventually(
      async () => {
        await place.broker.maintain({ maxAbandonments: 3 })
        expect((await place.broker.queueList())[0]?.counts).toMatchObject({ queued: 3, started: 0 })
      },
      { timeoutMs: 20_000 },
    )
    const running = heir.run()
    await eventually(() => expect(started).toEqual([first, second, third]), { timeoutMs: 20_000 })
    heir.supervisor.kill()
    await running
  })

  test('that a job kills every time is not given that job for ever', { timeout: 90_000 }, async () => {
    const place = await workplace('inline')
    const cwd = await temporaryDirectory()
    const id = await place.enqueue('kill-itself', ['SIGKILL'])
    const flags = ['--broker', place.url, '--jobs-file', fixtureJobs('behaviours.mjs'), '--lease', '300ms']
    startCli(['workers', '1', '--isolation', 'inline', '--concurrency', '1', ...flags], { cwd })
    const record = await place.broker.jobWait(id, { timeoutMs: 60_000 })
    expect(record).toMatchObject({ state: 'failed', attempts: 4, abandonments: 4, failure: { kind: 'abandoned' } })
    expect(record?.failure?.message).toContain('(kill-itself) was abandoned 4 times')
    expect(await place.ended(await place.enqueue('add', [1, 2]))).toMatchObject({ state: 'finished' })
  })
})
