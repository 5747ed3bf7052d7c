import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ForkIsolation } from '../../dist/worker/isolation/fork/fork-isolation.js'
import { startCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { forkIsolation } from '../support/fork-isolation.ts'
import { childrenOf, isAlive, isAsleep, titleOf } from '../support/processes.ts'
import { type RunResult, runner } from '../support/run-job.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const STANDING_BY = 'workhorse: zygote, standing by'

/** An application that writes down each time that it is loaded. */
async function application(version = 1) {
  const folder = await temporaryDirectory()
  const entry = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
  const file = join(folder, 'jobs.mjs')
  const boots = join(folder, 'boots')
  const source = (of: number) => `import { appendFileSync } from 'node:fs'
    import { job, preload } from ${entry}
    preload(() => appendFileSync('${boots}', 'x'))
    job('version', () => ${of})
    job('self', () => ({ pid: process.pid, ppid: process.ppid, random: Math.random(), uuid: crypto.randomUUID() }))
    job('allocate', () => Array.from({ length: 1e6 }, (_, i) => ({ i })).length)
    job('hang', () => new Promise(() => setInterval(() => {}, 1000)))`
  const write = (of: number) => writeFile(file, source(of))
  await write(version)
  return { file, folder, write, bootCount: () => readFileSync(boots, 'utf8').length }
}

async function started() {
  const app = await application()
  const fork = forkIsolation([app.file])
  onTestFinished(() => fork.isolation.close())
  await fork.isolation.start()
  return { ...app, ...fork, run: runner(fork.isolation) }
}

/** Its pid, as soon as it stands by, and the zygote has said so: it does before it sleeps again. */
async function heirOf(zygote: number): Promise<number> {
  let heir: number | undefined
  await eventually(() => {
    heir = childrenOf(zygote).find((pid) => titleOf(pid) === STANDING_BY)
    expect(heir).toBeDefined()
    expect(isAsleep(zygote)).toBe(true)
  })
  return heir as number
}

/** Kills the zygote, and resolves when another reigns. */
async function killZygote(isolation: ForkIsolation): Promise<number> {
  const before = isolation.zygotePid
  process.kill(before, 'SIGKILL')
  await eventually(() => expect(isolation.zygotePid).not.toBe(before))
  return isolation.zygotePid
}

const resultOf = ({ end }: RunResult) => {
  if (end.type !== 'finished') throw new Error(`expected a finished job, got ${JSON.stringify(end)}`)
  return JSON.parse(end.result)
}

describe('the heir of a zygote', () => {
  test('takes its place when it is killed; jobs that ran have failed, and nothing is loaded again', async () => {
    const { isolation, run, deaths, bootCount } = await started()
    const hanging = run('hang')
    await isolation.standbyPids()
    const heir = await heirOf(isolation.zygotePid)
    await run('self')
    expect(await killZygote(isolation)).toBe(heir)
    expect((await hanging).end).toMatchObject({ type: 'failed', failure: { kind: 'zygote-died' } })
    expect(resultOf(await run('self'))).toMatchObject({ ppid: heir })
    expect(titleOf(heir)).toBe('workhorse: zygote')
    expect(deaths).toEqual(['it was ended by SIGKILL'])
    expect(bootCount()).toBe(1)
  })

  test('has an heir itself, whose horses are as good as those of the first zygote', { timeout: 60_000 }, async () => {
    const { isolation, run, bootCount } = await started()
    for (let generation = 0; generation < 4; generation++) {
      const heir = await heirOf(isolation.zygotePid)
      // Told of after the heir's birth, by the same pipe: an heir that nobody has been told of does not reign.
      await run('self')
      expect(await killZygote(isolation)).toBe(heir)
    }
    const selves = (await Promise.all(Array.from({ length: 20 }, () => run('self')))).map(resultOf)
    for (const part of ['pid', 'random', 'uuid']) expect(new Set(selves.map((self) => self[part])).size).toBe(20)
    expect(resultOf(await run('allocate'))).toBe(1e6)
    expect(bootCount()).toBe(1)
  })

  test('that is killed is replaced', { timeout: 60_000 }, async () => {
    const { isolation, bootCount } = await started()
    const zygote = isolation.zygotePid
    const heir = await heirOf(zygote)
    process.kill(heir, 'SIGKILL')
    await eventually(() => expect(isAlive(heir)).toBe(false))
    expect(await heirOf(zygote)).not.toBe(heir)
    expect(isolation.zygotePid).toBe(zygote)
    expect(bootCount()).toBe(1)
  })

  test.each(['heir first', 'zygote first'])(
    'that is killed with its zygote (%s): the application is loaded again',
    { timeout: 60_000 },
    async (order) => {
      const { isolation, run, deaths, bootCount } = await started()
      const zygote = isolation.zygotePid
      const heir = await heirOf(zygote)
      const both = order === 'heir first' ? [heir, zygote] : [zygote, heir]
      for (const pid of both) process.kill(pid, 'SIGKILL')
      await eventually(() => expect(bootCount()).toBe(2), { timeoutMs: 20_000 })
      expect(resultOf(await run('version'))).toBe(1)
      expect(both).not.toContain(isolation.zygotePid)
      expect(bootCount()).toBe(2)
      // Whose death is seen first is up to the kernel: a dying heir may have reigned until then.
      expect(deaths.length).toBeGreaterThanOrEqual(1)
      expect(deaths.length).toBeLessThanOrEqual(2)
    },
  )

  test('is of the application that is loaded: a new zygote comes with its own', { timeout: 60_000 }, async () => {
    const { isolation, run, write } = await started()
    const old = isolation.zygotePid
    const oldHeir = await heirOf(old)
    await write(2)
    await isolation.recycle()
    const heir = await heirOf(isolation.zygotePid)
    await eventually(() => expect([old, oldHeir].filter(isAlive)).toEqual([]))
    expect(await killZygote(isolation)).toBe(heir)
    expect(resultOf(await run('version'))).toBe(2)
    // And one that reigns is replaced as any other.
    await write(3)
    await isolation.recycle()
    expect(resultOf(await run('version'))).toBe(3)
    await eventually(() => expect(isAlive(heir)).toBe(false))
  })

  test('ends with its worker, standing by or reigning, however that ends', { timeout: 60_000 }, async () => {
    const { file, folder } = await application()
    const flags = ['--jobs-file', file, '--isolation', 'fork', '--concurrency', '2']
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const worker = startCli(['worker', ...flags], { cwd: folder })
      let zygote = 0
      await eventually(() => expect(childrenOf(worker.pid)).toHaveLength(1), { timeoutMs: 20_000 })
      zygote = childrenOf(worker.pid)[0] as number
      await eventually(() => expect(titleOf(zygote)).toBe('workhorse: zygote'), { timeoutMs: 20_000 })
      const first = await heirOf(zygote)
      process.kill(zygote, 'SIGKILL')
      await worker.waitForOutput('is the zygote now')
      const second = await heirOf(first)
      const all = [first, second, ...childrenOf(first)]
      worker.kill(signal)
      await worker.exited
      await eventually(() => expect(all.filter(isAlive)).toEqual([]))
    }
  })
})
