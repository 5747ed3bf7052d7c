import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { PoolStartError, ZygoteBootError } from '../../dist/errors.js'
import type { PoolOptions } from '../../dist/worker/isolation/pool/pool-options.js'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { type OpenedPool, type PoolStart, poolIsolation, sharedZygote } from '../support/pool-isolation.ts'
import { isAlive } from '../support/processes.ts'
import { type Run, type RunResult, runner } from '../support/run-job.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const opened: OpenedPool[] = []
afterEach(async () => {
  for (const { isolation } of opened.splice(0)) await isolation.close()
})

type Options = Partial<PoolOptions> & {
  readonly nodeFlags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly module?: string
  /** It has its zygote to itself, to do with it as it likes. */
  readonly ownZygote?: boolean
}

const POOL_JOBS = fixtureJobs('pool.mjs')
const zygote = sharedZygote([POOL_JOBS])

/** Not started yet, but with an environment that its children will have. */
async function open(
  start: PoolStart,
  { env = {}, module = POOL_JOBS, ownZygote = false, ...options }: Options = {},
): Promise<OpenedPool & { readonly run: Run; start(): Promise<void> }> {
  const isPlain = module === POOL_JOBS && options.nodeFlags === undefined && Object.keys(env).length === 0
  const shared = start === 'fork' && isPlain && !ownZygote ? { zygote: await zygote() } : {}
  const pool = poolIsolation(start, [module], { size: 1, ...shared, ...options })
  opened.push(pool)
  Object.assign(process.env, env)
  return {
    ...pool,
    run: runner(pool.isolation),
    start: async () => {
      try {
        await pool.isolation.start()
      } finally {
        // A spawned child reads it at its start, a forked one has it from its zygote.
        if (start === 'fork') for (const name of Object.keys(env)) delete process.env[name]
      }
    },
  }
}

async function started(start: PoolStart, options: Options = {}) {
  const pool = await open(start, options)
  await pool.start()
  return pool
}

afterEach(() => {
  for (const name of ['TEST_HOOKS', 'TEST_SERVER']) delete process.env[name]
})

const resultOf = ({ end }: RunResult) => {
  if (end.type !== 'finished') throw new Error(`expected a finished job, got ${JSON.stringify(end)}`)
  return JSON.parse(end.result)
}
const failureOf = ({ end }: RunResult) => {
  if (end.type !== 'failed') throw new Error(`expected a failed job, got ${JSON.stringify(end)}`)
  return end.failure
}

describe.each(['fork', 'spawn'] as const)('a pool child, started by %s,', (start) => {
  it('runs one job after another, and shows each what the last has left', async () => {
    const { run } = await started(start)
    const results = []
    for (let i = 0; i < 5; i++) results.push(resultOf(await run('count')))
    expect(new Set(results.map(({ pid }) => pid)).size).toBe(1)
    expect(results.map(({ count }) => count)).toEqual([1, 2, 3, 4, 5])
  })

  it('runs one job at a time: others wait for it, first come, first served', async () => {
    const { run } = await started(start)
    const results = await Promise.all(Array.from({ length: 8 }, () => run('count')))
    expect(results.map((result) => resultOf(result).count)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('runs afterFork once, before its first job, and beforeExit when it leaves', async () => {
    const { run, isolation, told } = await started(start, { env: { TEST_HOOKS: 'yes' } })
    await run('count')
    expect(resultOf(await run('count')).hooks).toEqual(['afterFork'])
    await isolation.close()
    expect(told.output).toEqual(['left after 2 jobs\n'])
  })

  it('that cannot run its beforeExit hooks says so, and leaves', async () => {
    const { run, isolation, told } = await started(start, { env: { TEST_HOOKS: 'fail-at-exit' } })
    await run('count')
    await isolation.close()
    expect(told.notices).toEqual(['a beforeExit hook failed: cannot say goodbye'])
  })

  it('is replaced when it has run maxJobs', async () => {
    const { run, told } = await started(start, { maxJobs: 3 })
    const pids = []
    for (let i = 0; i < 7; i++) pids.push(resultOf(await run('pid')))
    const [a, , , b, , , c] = pids
    expect(pids).toEqual([a, a, a, b, b, b, c])
    expect(new Set(pids).size).toBe(3)
    expect(told.retired).toEqual(['it has got 3 jobs', 'it has got 3 jobs'])
  })

  it('is replaced when it holds more than maxMemory, its job done', async () => {
    const { run, told } = await started(start, { maxMemoryBytes: 120 * 1024 ** 2 })
    const folder = await temporaryDirectory()
    const release = join(folder, 'release')
    const large = run('keep-memory-and-hold', [140, release])
    // Noticed while the job still runs.
    await eventually(() => expect(told.retired[0]).toMatch(/^it holds 1\d\d\.\d MB of its own$/), { timeoutMs: 15_000 })
    writeFileSync(release, '')
    const pid = resultOf(await large)
    expect(resultOf(await run('pid'))).not.toBe(pid)
    expect(told.retired).toHaveLength(1)
  })

  it('is ended with a job that takes it to twice its maxMemory, which has failed for that', async () => {
    const { run } = await started(start, { maxMemoryBytes: 120 * 1024 ** 2 })
    const failure = failureOf(await run('keep-memory-and-hold', [300, '/nowhere']))
    expect(failure).toMatchObject({ kind: 'out-of-memory', name: 'OutOfMemoryError' })
    expect(failure.message).toMatch(
      /^the pool child \(pid \d+\) held [23]\d\d\.\d MB of its own, more than twice its maxMemory of 120\.0 MB$/,
    )
    expect(resultOf(await run('count')).count).toBe(1)
  })

  it('is replaced when it is too old', async () => {
    const { run, told } = await started(start, { maxAgeMs: 1 })
    const pid = resultOf(await run('pid'))
    await eventually(() => expect(told.ready.filter((other) => other !== pid).length).toBeGreaterThan(0))
    expect(told.retired[0]).toMatch(/^it is .* old$/)
    expect(isAlive(pid) && resultOf(await run('pid')) === pid).toBe(false)
  })

  it('is closed when it is idle for too long, but for those that are to stay', async () => {
    const { isolation, told } = await started(start, { size: 3, least: 1, idleMs: 300 })
    const patience = { timeoutMs: 20_000 }
    await eventually(() => expect(told.ready).toHaveLength(3), patience)
    await eventually(() => expect(told.ready.filter(isAlive)).toHaveLength(1), patience)
    expect(isolation.childPids).toHaveLength(1)
    expect(told.retired).toHaveLength(2)
    expect(told.retired[0]).toMatch(/^it was idle for /)
  })

  it('comes again when it is needed, where none was kept', async () => {
    const { run, told } = await started(start, { least: 0, idleMs: 50 })
    const pid = told.ready[0] as number
    await eventually(() => expect(isAlive(pid)).toBe(false))
    expect(resultOf(await run('pid'))).not.toBe(pid)
  })

  it('bills each job for itself', async () => {
    const { run } = await started(start)
    await run('burn', [300])
    const idle = (await run('pid')).end.bill?.usage
    const burnt = (await run('burn', [100])).end.bill?.usage
    const cpu = (usage: typeof idle) => (usage?.cpuUserMs ?? Number.NaN) + (usage?.cpuSystemMs ?? Number.NaN)
    expect(cpu(idle)).toBeLessThan(50)
    expect(cpu(burnt)).toBeGreaterThanOrEqual(99)
    expect(cpu(burnt)).toBeLessThan(200)
  })

  it('attributes output to the job that printed it, and to none what a job has left behind', async () => {
    const { run, told } = await started(start)
    const trigger = join(await temporaryDirectory(), 'trigger')
    expect((await run('say', ['one'])).output.stdout).toBe('one\n')
    await run('print-later', ['late', trigger])
    writeFileSync(trigger, '')
    await eventually(() => expect(told.output).toEqual(['late\n']))
    expect((await run('say', ['two'])).output.stdout).toBe('two\n')
  })

  it('that dies of what a job has left behind harms no other', async () => {
    const { run, told } = await started(start)
    const trigger = join(await temporaryDirectory(), 'trigger')
    await run('throw-later', [trigger])
    writeFileSync(trigger, '')
    await eventually(() => expect(told.died).toEqual(['it left with exit code 1']))
    expect(told.notices).toEqual(['uncaught-exception between jobs: Error: left behind'])
    expect(resultOf(await run('count')).count).toBe(1)
  })

  it('is killed with its job, and with all that the job has started; the next job gets another', async () => {
    const { run } = await started(start)
    const execution = run('parent-then-loop')
    await eventually(() => expect(execution.output.stdout).toMatch(/^\d+$/))
    const grandchild = Number(execution.output.stdout)
    execution.running.kill()
    expect((await execution).end).toMatchObject({ type: 'killed', givenUp: false })
    await eventually(() => expect(isAlive(grandchild)).toBe(false))
    expect(resultOf(await run('count')).count).toBe(1)
  })

  it('that runs out of heap fails its job with an error that says so', { timeout: 120_000 }, async () => {
    const module = fixtureJobs('behaviours.mjs')
    const { run } = await started(start, { module, nodeFlags: ['--max-old-space-size=64'] })
    expect(failureOf(await run('out-of-memory'))).toMatchObject({ kind: 'out-of-memory', signal: 'SIGABRT' })
    expect(resultOf(await run('add', [1, 1]))).toBe(2)
  })

  it('tells what a job uses while it runs, without what was there before', async () => {
    const { run } = await started(start)
    await run('keep-memory', [60])
    const execution = run('keep-memory-and-hold', [40, '/nowhere'], { limits: { memoryBytes: 1 } })
    const megabytes = () => (execution.running.measure?.()?.memoryBytes ?? 0) / 1024 ** 2
    await eventually(() => expect(megabytes()).toBeGreaterThan(39))
    expect(megabytes()).toBeLessThan(60)
    execution.running.kill()
    await execution
  })

  it.runIf(start === 'fork')(
    'has limits of the kernel for one job, and not for the next',
    { timeout: 90_000 },
    async () => {
      const { run } = await started(start, { module: fixtureJobs('limits.mjs'), size: 1 })
      expect(failureOf(await run('open', [21], { limits: { openFiles: 20 } }))).toMatchObject({ code: 'EMFILE' })
      expect(resultOf(await run('open', [60]))).toBe(60)
      // Nobody watches from outside here.
      const { end } = await run('burn', [], { limits: { cpuMs: 300 } })
      expect(end).toMatchObject({ type: 'failed', failure: { kind: 'cpu-limit', name: 'CpuLimitError' } })
      expect(resultOf(await run('open', [1]))).toBe(1)
      await run('burn-for', [10], { limits: { cpuMs: 1000 } })
      expect((await run('burn-for', [1200])).end.type).toBe('finished')
    },
  )

  it('leaks no descriptor, whether it is reused or replaced', { timeout: 60_000 }, async () => {
    const { run, told } = await started(start, { size: 2, maxJobs: start === 'fork' ? 10 : 50 })
    const batch = (jobs: number) => Promise.all(Array.from({ length: jobs }, () => run('pid')))
    await batch(20)
    const before = readdirSync('/proc/self/fd').length
    await batch(300)
    expect(told.retired.length).toBeGreaterThan(4)
    await eventually(() => expect(told.ready.filter(isAlive).length).toBeLessThanOrEqual(2))
    await eventually(() => expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 2))
  })
})

describe.each(['fork', 'spawn'] as const)('several jobs in one child, started by %s,', (start) => {
  it('run at the same time, each with its own currentJob and its own output', async () => {
    const { run, isolation } = await started(start, { perChild: 4 })
    const executions = ['a', 'b', 'c', 'd'].map((id) => run('say-slowly', [id, 5], { id }))
    for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) {
      const result = await (executions[i] as (typeof executions)[number])
      expect(resultOf(result)).toBe(id)
      expect(result.output.stdout).toBe([0, 1, 2, 3, 4].map((n) => `${id} ${n}\n`).join(''))
      expect(result.output.stderr).toBe([0, 1, 2, 3, 4].map((n) => `${id} error ${n}\n`).join(''))
      expect(result.end.bill?.usage).toBeUndefined()
    }
    expect(isolation.childPids).toHaveLength(1)
  })

  it('have a child to themselves where they have limits that need one, and take no room from others', async () => {
    const { run, isolation } = await started(start, { perChild: 2, size: 1 })
    const trigger = join(await temporaryDirectory(), 'trigger')
    const limits = { memoryBytes: 500 * 2 ** 20, cpuMs: 60_000 }
    const first = run('hold', [trigger])
    const limited = run('keep-memory-and-hold', [40, trigger], { limits })
    const second = run('hold', [trigger])
    const megabytes = () => (limited.running.measure?.()?.memoryBytes ?? 0) / 2 ** 20
    await eventually(() => expect(megabytes()).toBeGreaterThan(39), { timeoutMs: 20_000 })
    expect(isolation.childPids).toHaveLength(2)
    writeFileSync(trigger, '')
    const pids = [await first, await second].map((result) => resultOf(result))
    expect(pids[0]).toBe(pids[1])
    const { end } = await limited
    expect(end.bill?.usage?.cpuUserMs).toBeGreaterThanOrEqual(0)
    expect((await first).end.bill?.usage).toBeUndefined()
  })

  it('share its end, and those that did not cause it say so', async () => {
    const { run } = await started(start, { perChild: 2 })
    const trigger = join(await temporaryDirectory(), 'trigger')
    const bad = run('exit-when', [trigger, 3], { id: 'bad' })
    const good = run('hold', ['/nowhere'])
    writeFileSync(trigger, '')
    expect(failureOf(await bad)).toMatchObject({ kind: 'exit', exitCode: 3 })
    expect(failureOf(await good)).toMatchObject({
      kind: 'exit',
      message:
        'its pool child, which ran exit-when bad at the same time, was ended because of that job: the job called process.exit(3) before it settled',
    })
  })
})

describe.each(['fork', 'spawn'] as const)('a pool whose children are started by %s', (start) => {
  it('gives no job to a child that does not come up, and waits until one does', async () => {
    const server = join(await temporaryDirectory(), 'server')
    writeFileSync(server, '')
    const { run, told } = await started(start, { env: { TEST_HOOKS: 'yes', TEST_SERVER: server } })
    const pid = resultOf(await run('pid'))
    rmSync(server)
    process.kill(pid, 'SIGKILL')
    await eventually(() => expect(told.failedStarts).toContain('afterFork failed: Error: no database today'))
    const execution = run('pid')
    writeFileSync(server, '')
    expect(resultOf(await execution)).not.toBe(pid)
    expect(told.died).toEqual(['it was ended by SIGKILL'])
    expect(told.broken).toEqual([])
  })

  it('stops with an error when none comes up again, and hands waiting jobs back', { timeout: 60_000 }, async () => {
    const server = join(await temporaryDirectory(), 'server')
    writeFileSync(server, '')
    const { run, told, isolation } = await started(start, { env: { TEST_HOOKS: 'yes', TEST_SERVER: server } })
    rmSync(server)
    process.kill(isolation.childPids[0] as number, 'SIGKILL')
    await eventually(() => expect(told.failedStarts.length).toBeGreaterThan(0))
    expect((await run('pid')).end).toEqual({ type: 'unstarted', reason: 'no pool child can be started' })
    await eventually(() => expect(told.broken).toHaveLength(1))
    expect(told.broken[0]).toBeInstanceOf(PoolStartError)
    expect(told.broken[0]?.message).toBe('no pool child can be started: afterFork failed: Error: no database today')
    expect((await run('pid')).end.type).toBe('unstarted')
  })

  it('does not start where its children never come up', { timeout: 60_000 }, async () => {
    const { start: begin } = await open(start, {
      env: { TEST_HOOKS: 'yes', TEST_SERVER: '/nowhere/server' },
      startDelaysMs: [10, 20],
    })
    await expect(begin()).rejects.toThrow('no pool child can be started: afterFork failed: Error: no database today')
  })

  it('does not start where the job modules cannot be loaded, and does not try twice', async () => {
    const module = join(await temporaryDirectory(), 'broken.mjs')
    writeFileSync(module, 'const broken =')
    const { start: begin, told } = await open(start, { module })
    const error = await begin().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(start === 'fork' ? ZygoteBootError : PoolStartError)
    expect((error as Error).message).toMatch(/loading the job modules failed: .*SyntaxError/)
    expect(told.failedStarts).toEqual([])
  })

  it('does not wait for ever for a child whose hook hangs', { timeout: 60_000 }, async () => {
    const module = join(await temporaryDirectory(), 'hanging.mjs')
    const entry = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
    writeFileSync(
      module,
      `import { afterFork } from ${entry}; afterFork(() => new Promise((resolve) => setTimeout(resolve, 1e6)))`,
    )
    // One that is spawned has to load Node before.
    const startMs = start === 'fork' ? 300 : 1500
    const { start: begin } = await open(start, { module, startMs, startDelaysMs: [10] })
    await expect(begin()).rejects.toThrow(`it was not ready after ${startMs} ms: a hook hangs`)
  })
})

describe.each(['fork', 'spawn'] as const)('a pool that loads the jobs anew, by %s,', (start) => {
  const write = (module: string, version: string) => {
    const entry = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
    writeFileSync(module, `import { job } from ${entry}; job('version', () => ${version})`)
  }

  it('replaces all of its children', { timeout: 60_000 }, async () => {
    const module = join(await temporaryDirectory(), 'versions.mjs')
    write(module, '1')
    const { run, isolation } = await started(start, { module, size: 2 })
    expect(resultOf(await run('version'))).toBe(1)
    write(module, '2')
    await isolation.recycle?.()
    const results = await Promise.all(Array.from({ length: 4 }, () => run('version')))
    expect(results.map(resultOf)).toEqual([2, 2, 2, 2])
  })

  it('keeps them where the new jobs cannot be loaded', { timeout: 60_000 }, async () => {
    const module = join(await temporaryDirectory(), 'versions.mjs')
    write(module, '1')
    const { run, isolation, told } = await started(start, { module })
    const pid = isolation.childPids[0]
    write(module, '(')
    await expect(isolation.recycle?.()).rejects.toThrow(/loading the job modules failed/)
    expect(resultOf(await run('version'))).toBe(1)
    expect(isolation.childPids).toEqual([pid])
    expect(told.broken).toEqual([])
  })
})

describe('a pool over a zygote', () => {
  it('loses its children with the zygote, declares their jobs failed, and goes on with the next', async () => {
    const { run, zygotePid } = await started('fork', { size: 2, ownZygote: true })
    const execution = run('hold', ['/nowhere'])
    const before = zygotePid()
    process.kill(before, 'SIGKILL')
    expect(failureOf(await execution)).toMatchObject({ kind: 'zygote-died' })
    // The other child has died, too; a job that is given to it before that is known is declared failed as well.
    await eventually(async () => expect(resultOf(await run('count')).count).toBe(1))
    expect(zygotePid()).not.toBe(before)
  })
})

describe('a spawned pool child', () => {
  it('whose job blocks its event loop does not outlive its supervisor', { timeout: 60_000 }, async () => {
    const supervisor = fork(fileURLToPath(new URL('./fixtures/pool-supervisor.mjs', import.meta.url)), [], {
      execArgv: [],
    })
    const [pid] = (await once(supervisor, 'message')) as [number]
    expect(isAlive(pid)).toBe(true)
    supervisor.kill('SIGKILL')
    await once(supervisor, 'exit')
    await eventually(() => expect(isAlive(pid)).toBe(false), { timeoutMs: 15_000 })
  })
})
