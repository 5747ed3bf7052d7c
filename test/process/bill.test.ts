import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ForkIsolation } from '../../dist/worker/isolation/fork/fork-isolation.js'
import { printed, printedJson } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { type Workplace, workplace } from '../support/worker.ts'

const modules = [fixtureJobs('limits.mjs')]
const MB = 2 ** 20

/** Nanoseconds that the main thread was on a CPU, as the scheduler has counted them; a zombie still has them. */
function cpuMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6
}

function anonymousBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024
}

function isZombie(pid: number): boolean {
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

async function running({ broker }: Workplace, id: string): Promise<number> {
  const meta = await eventually(
    async () => (await broker.jobFetch(id))?.meta ?? Promise.reject(new Error('it has not told yet')),
    { timeoutMs: 20_000 },
  )
  return JSON.parse(meta).pid
}

describe('the bill of an execution', () => {
  it('says what the kernel says, to 1 ms of CPU and 5 % of memory', { timeout: 60_000 }, async () => {
    const place = await workplace('fork')
    const isolation = place.start({ modules, concurrency: 1 }).isolation as ForkIsolation
    const standby = await eventually(
      async () => (await isolation.standbyPids())[0] ?? Promise.reject(new Error('no horse stands by yet')),
      { timeoutMs: 20_000 },
    )
    const before = anonymousBytes(standby)
    const release = join(await temporaryDirectory(), 'release')
    const id = await place.enqueue('burn-allocate-hold', [300, 256, release])
    const pid = await running(place, id)
    expect(pid).toBe(standby)
    const allocated = anonymousBytes(pid) - before

    // While the zygote stands still nobody takes the dead horse away, and it can be looked at.
    process.kill(isolation.zygotePid, 'SIGSTOP')
    await writeFile(release, '')
    await eventually(() => expect(isZombie(pid)).toBe(true), { timeoutMs: 20_000 })
    const cpu = cpuMs(pid)
    process.kill(isolation.zygotePid, 'SIGCONT')

    const { bill } = await place.ended(id)
    const { cpuUserMs = 0, cpuSystemMs = 0 } = bill?.usage ?? {}
    expect(Math.abs(cpuUserMs + cpuSystemMs - cpu)).toBeLessThan(1)
    const peak = bill?.memory?.peakIncrementBytes ?? 0
    expect(Math.abs(peak - allocated) / allocated).toBeLessThan(0.05)
    expect(bill?.memory?.inheritedBytes).toBeGreaterThan(10 * MB)
  })

  it('says how long it waited, and how its process ended', async () => {
    const place = await workplace('fork')
    const [first, second] = [await place.enqueue('hold', [300]), await place.enqueue('hold', [0])]
    place.start({ modules, concurrency: 1 })
    expect((await place.ended(first)).bill).toMatchObject({ exitCode: 0, forkMs: expect.any(Number) })
    const { bill, enqueuedAt = 0, startedAt = 0 } = await place.ended(second)
    expect(bill?.waitMs).toBeGreaterThan(300)
    expect(bill?.waitMs).toBeGreaterThanOrEqual(startedAt - enqueuedAt)
    const usage = {
      minorFaults: expect.any(Number),
      majorFaults: expect.any(Number),
      voluntarySwitches: expect.any(Number),
      involuntarySwitches: expect.any(Number),
    }
    expect(bill).toMatchObject({ wallMs: expect.any(Number), usage })
  })

  it('does not take what was inherited for what was used', async () => {
    const place = await workplace('fork')
    place.start({ modules, ballastMb: 100 })
    const first = (await place.ended(await place.enqueue('hold', [0]))).bill?.memory
    expect(first?.peakIncrementBytes).toBeLessThan(20 * MB)
    // What one horse has begun with holds for the next of its zygote.
    const second = (await place.ended(await place.enqueue('hold', [0]))).bill?.memory
    expect(second?.inheritedBytes).toBe(first?.inheritedBytes)
    expect(second?.peakIncrementBytes).toBeLessThan(20 * MB)
  })

  it('does not take what afterFork hooks have allocated for what the job has used', async () => {
    const module = join(await temporaryDirectory(), 'jobs.mjs')
    const entry = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
    // Some horses much, some nothing.
    const hook = `globalThis.held = Buffer.alloc(1 + 64 * ${MB} * Math.round(Math.random()), 1)`
    await writeFile(
      module,
      `import { afterFork, job } from ${entry}\nafterFork(() => { ${hook} })\njob('nothing', () => {})`,
    )
    const place = await workplace('fork')
    place.start({ modules: [module], concurrency: 1 })
    const seen = new Set<boolean>()
    for (let n = 0; n < 20 && seen.size < 2; n++) {
      const { bill } = await place.ended(await place.enqueue('nothing'))
      expect(bill?.memory?.peakIncrementBytes).toBeLessThan(20 * MB)
      seen.add((bill?.memory?.inheritedBytes ?? 0) > 64 * MB)
    }
    expect(seen.size).toBe(2)
  })

  it('does not take what asynchronous afterFork hooks allocate while the job waits for them', async () => {
    const module = join(await temporaryDirectory(), 'jobs.mjs')
    const entry = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
    const hook = `await new Promise((resolve) => setTimeout(resolve, 200)); globalThis.held = Buffer.alloc(${64 * MB}, 1)`
    await writeFile(
      module,
      `import { afterFork, job } from ${entry}\nafterFork(async () => { ${hook} })\njob('nothing', () => {})`,
    )
    const place = await workplace('fork')
    const ids = [await place.enqueue('nothing'), await place.enqueue('nothing')]
    place.start({ modules: [module], concurrency: 1 })
    for (const id of ids) {
      const { bill } = await place.ended(id)
      expect(bill?.memory?.peakIncrementBytes).toBeLessThan(20 * MB)
      expect(bill?.memory?.inheritedBytes).toBeGreaterThan(64 * MB)
    }
  })

  it('has what a beforeExit hook allocates after a job that has used next to nothing', async () => {
    const module = join(await temporaryDirectory(), 'jobs.mjs')
    const entry = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
    const hook = `if (globalThis.isLavish) globalThis.held = Buffer.alloc(${64 * MB}, 1)`
    const jobs = `job('frugal', () => {})\njob('lavish', () => { globalThis.isLavish = true })`
    await writeFile(module, `import { beforeExit, job } from ${entry}\nbeforeExit(() => { ${hook} })\n${jobs}`)
    const place = await workplace('fork')
    place.start({ modules: [module], concurrency: 1 })
    const peakOf = async (name: string) =>
      (await place.ended(await place.enqueue(name))).bill?.memory?.peakIncrementBytes ?? Number.NaN
    expect(await peakOf('frugal')).toBeLessThan(8 * MB)
    const lavish = await peakOf('lavish')
    expect(lavish).toBeGreaterThan(60 * MB)
    expect(lavish).toBeLessThan(84 * MB)
  })

  it('is there for an execution that was killed, too', async () => {
    const place = await workplace('fork')
    place.start({ modules, grace: '0s' })
    const { bill } = await place.ended(await place.enqueue('allocate', [32], { timeout: '700ms' }))
    expect(bill).toMatchObject({ signal: 'SIGKILL' })
    expect(bill?.memory?.peakIncrementBytes).toBeGreaterThan(30 * MB)
  })
})

describe('bills on the command line', () => {
  it('are shown with the job, sort lists, and are summed by job and queue', { timeout: 60_000 }, async () => {
    const place = await workplace('fork')
    const cwd = await temporaryDirectory()
    const broker = ['--broker', place.url]
    place.start({ modules, concurrency: 1 })
    const cheap = await place.enqueue('hold', [0])
    const dear = await place.enqueue('burn-for', [400], { queue: 'default' })
    const middle = await place.enqueue('burn-for', [150], { queue: 'default' })
    for (const id of [cheap, dear, middle]) expect((await place.ended(id)).state).toBe('finished')
    const retried = await place.enqueue('burn-and-fail', [60], { retry: 2 })
    expect((await place.ended(retried)).state).toBe('failed')

    const shown = await printed(['jobs', 'show', dear, ...broker], { cwd })
    expect(shown).toMatch(/bill +.* in all, waited .*CPU .* user, .* system/)
    expect(shown).toMatch(/of its own at the peak, .* inherited/)
    expect(shown).toMatch(/page faults.*context switches.*exit code 0/s)

    const { jobs } = await printedJson<{ jobs: { id: string }[] }>(['jobs', 'list', '--sort', 'cpu', ...broker], {
      cwd,
    })
    expect(jobs.map(({ id }) => id)).toEqual([dear, middle, retried, cheap])
    expect(await printed(['jobs', 'list', '--sort', 'cpu', '--limit', '1', ...broker], { cwd })).toMatch(
      /cpu .*\n.*400|4\d\d ms/,
    )

    const { bills } = await printedJson<{ bills: Record<string, unknown>[] }>(['info', '--bill', ...broker], { cwd })
    expect(bills).toMatchObject([
      { name: 'burn-for', queue: 'default', executions: 2 },
      { name: 'burn-and-fail', queue: 'default', executions: 3 },
      { name: 'hold', queue: 'default', executions: 1 },
    ])
    expect(bills[0]?.['cpuMs']).toBeGreaterThan(550)
    expect(bills[1]?.['cpuMs']).toBeGreaterThan(180)
    const [last, ...earlier] = (await printed(['jobs', 'show', retried, ...broker], { cwd })).split('history').reverse()
    expect(earlier).toHaveLength(1)
    expect(last?.match(/CPU .* user/g)).toHaveLength(3)
    expect(await printed(['info', '--bill', ...broker], { cwd })).toContain('burn-for')
  })
})
