import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ZygoteBootError } from '../../dist/errors.js'
import type { ForkOptions } from '../../dist/worker/isolation/fork/fork-isolation.js'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs, forkIsolation, type OpenedFork } from '../support/fork-isolation.ts'
import { isAlive } from '../support/processes.ts'
import { type Run, type RunResult, runner } from '../support/run-job.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const opened: OpenedFork[] = []
afterEach(async () => {
  for (const { isolation } of opened.splice(0)) await isolation.close()
})

async function start(module: string, options: Partial<ForkOptions> = {}) {
  const fork = forkIsolation([module], options)
  opened.push(fork)
  await fork.isolation.start()
  return { ...fork, run: runner(fork.isolation) }
}

/** Boots a zygote on a job module written for one test. */
async function startWith(source: string, options: Partial<ForkOptions> = {}) {
  const file = await writeModule(await temporaryDirectory(), source)
  return { file, ...(await start(file, options)) }
}

async function writeModule(folder: string, source: string): Promise<string> {
  const file = join(folder, 'jobs.mjs')
  const entry = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)
  await writeFile(file, `import { afterFork, job, preload, warmUp } from ${entry}\n${source}`)
  return file
}

const resultOf = ({ end }: RunResult) => {
  if (end.type !== 'finished') throw new Error(`expected a finished job, got ${JSON.stringify(end)}`)
  return JSON.parse(end.result)
}
const failureOf = ({ end }: RunResult) => {
  if (end.type !== 'failed') throw new Error(`expected a failed job, got ${JSON.stringify(end)}`)
  return end.failure
}

/** Boots with the hooks of the fixture, which it registers only then. */
async function startWithHooks(behaviour: string) {
  process.env['TEST_HOOKS'] = behaviour
  try {
    return await start(fixtureJobs('behaviours.mjs'))
  } finally {
    delete process.env['TEST_HOOKS']
  }
}

/** What the horses of one zygote are asked to do. */
const HORSE_JOBS = `
  import ${JSON.stringify(fixtureJobs('behaviours.mjs'))}
  import { execFile, spawn, spawnSync } from 'node:child_process'
  import { readdirSync, readlinkSync, writeSync } from 'node:fs'
  import { createServer } from 'node:http'
  import { createRequire } from 'node:module'
  import { Worker } from 'node:worker_threads'
  import { gunzip, gzip } from 'node:zlib'
  const require = createRequire(${JSON.stringify(import.meta.url)})

  // Fills every cache that preload could fill.
  preload(async () => { crypto.randomUUID(); Math.random(); (await import('node:crypto')).randomUUID() })
  const early = Math.random
  job('draw', async () => [Math.random(), early(), crypto.randomUUID(), (await import('node:crypto')).randomUUID()])
  job('draw-many', () => Array.from({ length: 10000 }, () => Math.random()))
  job('pids', () => [process.pid, Number(readlinkSync('/proc/self'))])
  job('open', () => readdirSync('/proc/self/fd').flatMap((fd) => {
    try { return [fd + ' ' + readlinkSync('/proc/self/fd/' + fd)] } catch { return [] }
  }))
  job('shell', () => { spawnSync('echo', ['from a grandchild'], { stdio: 'inherit' }) })
  job('parent', () => {
    writeSync(1, String(spawn('sleep', ['300']).pid))
    for (;;);
  })
`

const ABILITIES: Record<string, string> = {
  fetch: `
    const server = createServer((_, response) => response.end('served')).listen(0)
    await new Promise((resolve) => server.once('listening', resolve))
    return (await fetch('http://127.0.0.1:' + server.address().port)).text()`,
  worker_threads: `
    const worker = new Worker('require("worker_threads").parentPort.postMessage(42); process.exit()', { eval: true })
    const posted = new Promise((resolve) => worker.once('message', resolve))
    await new Promise((resolve) => worker.once('exit', resolve))
    return posted`,
  child_process: `
    return new Promise((resolve) => execFile('echo', ['spawned'], (_, out) => resolve(out.trim())))`,
  libsql: `return new (require('libsql'))(':memory:').prepare('select 6 * 7 as answer').get().answer`,
  zlib: `
    return new Promise((resolve) => gzip('zipped', (_, data) => gunzip(data, (_, text) => resolve(String(text)))))`,
  'dynamic-import': `return (await import('data:text/javascript,export default "imported"')).default`,
  WebAssembly: `
    const bytes = Buffer.from('0061736d010000000105016000017f030201000707010372756e00000a0601040041290b', 'hex')
    return (await WebAssembly.instantiate(bytes)).instance.exports.run()`,
}
const abilities = Object.entries(ABILITIES).map(([name, body]) => `job('${name}', async () => {${body}\n})`)
const bodies = Object.values(ABILITIES).map((body) => `await (async () => {${body}\n})()`)
const everything = `job('everything', async () => [${bodies.join(',')}])`

describe('a horse', () => {
  // One zygote for all: whatever a horse does is no matter of its siblings.
  let folder: string
  let shared: OpenedFork
  let run: Run
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'workhorse-test-'))
    shared = forkIsolation([await writeModule(folder, [HORSE_JOBS, ...abilities, everything].join('\n'))])
    await shared.isolation.start()
    run = runner(shared.isolation)
  })
  afterAll(async () => {
    await shared.isolation.close()
    await rm(folder, { recursive: true })
  })

  it('is a process of its own for each job', async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => run('identity')))
    const pids = new Set(runs.map((result) => resultOf(result).pid))
    expect(pids.size).toBe(20)
    expect(pids).not.toContain(shared.isolation.zygotePid)
  })

  it('shares no random numbers with its siblings', async () => {
    const draws = await Promise.all(Array.from({ length: 20 }, () => run('draw')))
    expect(new Set(draws.flatMap((result) => resultOf(result))).size).toBe(80)
  })

  it('draws random numbers that look even', async () => {
    const numbers = resultOf(await run('draw-many')) as number[]
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
    // Six standard deviations of the mean of 10,000 even draws.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0174)
  })

  it('knows its own pid', async () => {
    const [told, real] = resultOf(await run('pids'))
    expect(told).toBe(real)
  })

  it('carries its job in its title', async () => {
    expect(resultOf(await run('identity', [], { id: 'job-1' })).title).toMatch(
      /^workhorse: horse default identity job-1 since \d\d:\d\d:\d\dZ$/,
    )
  })

  it('holds none of the descriptors of zygote, supervisor and siblings', async () => {
    const first = resultOf(await run('open')) as string[]
    expect(first.filter((line) => line.includes('socket:'))).toHaveLength(1)
    expect(first.filter((line) => /^[12] \/memfd:workhorse-std(out|err)/.test(line))).toHaveLength(2)
    for (let i = 0; i < 20; i++) await run('open')
    expect(resultOf(await run('open'))).toHaveLength(first.length)
  })

  it('runs hooks in their order: preload and warmUp before the fork, afterFork in it, beforeExit last', async () => {
    const { run, isolation } = await startWithHooks('yes')
    const zygote = isolation.zygotePid
    for (let i = 0; i < 5; i++) {
      const result = await run('hooks')
      const { pid, hooks } = resultOf(result)
      expect(hooks).toEqual([`preload ${zygote}`, `warmUp ${zygote}`, `afterFork ${pid}`])
      expect(result.told).toEqual([{ log: 'beforeExit' }])
    }
  })

  it('fails its job where an afterFork hook fails', async () => {
    const { run } = await startWithHooks('fail')
    expect(failureOf(await run('add', [1, 2]))).toMatchObject({ kind: 'after-fork', message: 'no database today' })
  })

  it('attributes what its own child processes print', async () => {
    expect((await run('shell')).output.stdout).toBe('from a grandchild\n')
  })

  it('takes the processes that it has started along when it is killed', async () => {
    const execution = run('parent')
    // Shown while the job still runs.
    await eventually(() => expect(execution.output.stdout).toMatch(/^\d+$/))
    const grandchild = Number(execution.output.stdout)
    execution.running.kill()
    await execution
    await eventually(() => expect(isAlive(grandchild)).toBe(false))
  })

  it('may use what any process may', async () => {
    const results = await Promise.all(Object.keys(ABILITIES).map(async (name) => resultOf(await run(name))))
    expect(results).toEqual(['served', 42, 'spawned', 42, 'zipped', 'imported', 41])
  })

  it('may use it all in one job', async () => {
    expect(resultOf(await run('everything'))).toEqual(['served', 42, 'spawned', 42, 'zipped', 'imported', 41])
  })

  it('that runs out of heap fails with an error that says so', { timeout: 120_000 }, async () => {
    const { run } = await start(fixtureJobs('behaviours.mjs'), { nodeFlags: ['--max-old-space-size=64'] })
    const failure = failureOf(await run('out-of-memory'))
    expect(failure).toMatchObject({ kind: 'out-of-memory', name: 'OutOfMemoryError', signal: 'SIGABRT' })
    expect(failure.stderrTail).toContain('heap')
    expect(resultOf(await run('add', [1, 1]))).toBe(2)
  })
})

describe('a zygote', () => {
  const refused: [string, string, RegExp][] = [
    ['a timer', 'setInterval(() => {}, 1000)', /a timer is open, opened at .*jobs\.mjs:\d+:\d+/],
    [
      'a listening server',
      'await new Promise((resolve) => net.createServer().listen(0, resolve))',
      /a listening TCP server is open, opened at .*jobs\.mjs:\d+:\d+/,
    ],
    [
      'a connected socket',
      `const server = net.createServer().listen(0); await new Promise((resolve) => server.once('listening', resolve));
       await new Promise((resolve) => net.connect(server.address().port, resolve)); server.close()`,
      /a TCP socket is open, opened at .*jobs\.mjs:\d+:\d+/,
    ],
    ['a UDP socket', `dgram.createSocket('udp4').bind(0)`, /a UDP socket is open, opened at .*jobs\.mjs:\d+:\d+/],
    ['a child process', `child.spawn('sleep', ['60'])`, /a child process is open, opened at .*jobs\.mjs:\d+:\d+/],
    [
      'a worker thread',
      `await new Promise((resolve) => new threads.Worker('setInterval(() => {}, 1000)', { eval: true }).once('online', resolve))`,
      /a worker thread is open, opened at .*jobs\.mjs:\d+:\d+/,
    ],
    [
      'an SQLite database',
      `globalThis.kept = new (createRequire(${JSON.stringify(import.meta.url)})('libsql'))(process.env.TEST_DATABASE);
       kept.exec('create table t (a)')`,
      /the SQLite database .*kept\.db is open/,
    ],
  ]

  it('refuses to fork where preload leaves something open, and names each with its file', async () => {
    process.env['TEST_DATABASE'] = join(await temporaryDirectory(), 'kept.db')
    const booting = startWith(`
      import net from 'node:net'
      import dgram from 'node:dgram'
      import child from 'node:child_process'
      import threads from 'node:worker_threads'
      import { createRequire } from 'node:module'
      ${refused.map(([, source]) => `preload(async () => { ${source} })`).join('\n')}
    `)
    const error = await booting.catch((thrown: unknown) => thrown)
    delete process.env['TEST_DATABASE']
    expect(error).toBeInstanceOf(ZygoteBootError)
    const lines = (error as Error).message.split('\n').filter((line) => /^ *- /.test(line))
    for (const [what, , expected] of refused)
      expect(
        lines.filter((line) => expected.test(line)),
        what,
      ).toHaveLength(1)
    expect((error as Error).message).toContain('afterFork()')
  })

  it('takes no offence at what preload has closed again, and warns of timers that hold nothing', async () => {
    const { reports, run } = await startWith(`
      import net from 'node:net'
      preload(async () => {
        const server = net.createServer()
        await new Promise((resolve) => server.listen(0, resolve))
        await new Promise((resolve) => server.close(resolve))
        setInterval(() => {}, 50).unref()
      })
      job('fine', () => 'fine')
    `)
    expect(reports[0]?.warnings.join()).toMatch(/a timer is open, opened at .*jobs\.mjs.* \(unreferenced/)
    expect(resultOf(await run('fine'))).toBe('fine')
  })

  it('does not boot where preload throws, and says what', async () => {
    const booting = startWith(`preload(() => { throw new RangeError('the schema is gone') })`)
    await expect(booting).rejects.toThrow('preload failed: RangeError: the schema is gone')
  })

  it('does not boot where a job module cannot be loaded', async () => {
    await expect(startWith('const broken =')).rejects.toThrow(/loading the job modules failed: .*SyntaxError/)
  })

  it('does not boot where preload never ends', async () => {
    const source = 'preload(() => new Promise(() => setInterval(() => {}, 1000)))'
    await expect(startWith(source, { bootTimeoutMs: 1000 })).rejects.toThrow(
      'the zygote was not ready after 1000 ms: preload or warmUp hangs',
    )
  })

  it('does not boot where preload leaves the process, and says how', async () => {
    await expect(startWith('preload(() => process.exit(7))')).rejects.toThrow(
      'the zygote died before it was ready: it left with exit code 7',
    )
  })

  it('that dies takes its horses along, which are declared failed, and is replaced', async () => {
    const { run, isolation, deaths } = await start(fixtureJobs('behaviours.mjs'))
    const execution = run('never-settles')
    await isolation.standbyPids()
    const zygote = isolation.zygotePid
    process.kill(zygote, 'SIGKILL')
    expect(failureOf(await execution)).toMatchObject({ kind: 'zygote-died', name: 'ZygoteDiedError' })
    expect(resultOf(await run('add', [2, 2]))).toBe(4)
    expect(isolation.zygotePid).not.toBe(zygote)
    expect(deaths).toEqual(['it was ended by SIGKILL'])
  })

  it('that is being replaced forks none for a job that was killed meanwhile', async () => {
    const { isolation, run, deaths } = await start(fixtureJobs('behaviours.mjs'), { heir: false })
    const zygote = isolation.zygotePid
    process.kill(zygote, 'SIGKILL')
    await eventually(() => expect(deaths).toHaveLength(1))
    const waiting = run('tell')
    waiting.running.kill()
    expect(resultOf(await run('add', [2, 2]))).toBe(4)
    expect(await waiting).toMatchObject({ end: { type: 'unstarted' }, told: [] })
  })

  it('that cannot be replaced is given up, and waiting jobs are handed back', { timeout: 60_000 }, async () => {
    const { file, run, isolation, broken, deaths } = await startWith(`job('fine', () => 'fine')`, {
      heir: false,
      restartDelaysMs: [0, 10, 20],
    })
    await writeFile(file, 'throw new Error("no more")')
    process.kill(isolation.zygotePid, 'SIGKILL')
    await eventually(() => expect(deaths).toHaveLength(1))
    expect((await run('fine')).end).toMatchObject({ type: 'unstarted' })
    expect(broken[0]?.message).toContain('no more')
  })

  it('replaces a standby horse that dies, and no job fails for it', async () => {
    const { run, isolation } = await start(fixtureJobs('behaviours.mjs'))
    const before = await isolation.standbyPids()
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await eventually(async () => {
      const now = await isolation.standbyPids()
      expect(now.filter((pid) => !before.includes(pid))).toHaveLength(2)
    })
    expect(resultOf(await run('add', [1, 2]))).toBe(3)
  })

  it('with 200 MB of live heap forks as well', { timeout: 60_000 }, async () => {
    const { run, reports } = await start(fixtureJobs('behaviours.mjs'), {
      ballastMb: 200,
      nodeFlags: ['--max-old-space-size=2048'],
    })
    expect(reports[0]?.frozenBytes).toBeGreaterThan(200e6)
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => run('add', [i, 1])))
    expect(results.map(resultOf)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })
})

describe('a thousand forks', () => {
  it('lose no job and leak nothing', { timeout: 120_000 }, async () => {
    const { run, isolation } = await start(fixtureJobs('behaviours.mjs'), { standby: 4 })
    const batch = async (from: number) => {
      const results = await Promise.all(Array.from({ length: 100 }, (_, i) => run('add', [from + i, 0])))
      expect(results.map(resultOf)).toEqual(Array.from({ length: 100 }, (_, i) => from + i))
    }
    await batch(0)
    await isolation.standbyPids()
    const before = openDescriptors(process.pid)
    const zygoteBefore = openDescriptors(isolation.zygotePid)
    for (let from = 100; from < 1000; from += 100) await batch(from)
    await isolation.standbyPids()
    await eventually(() => expect(openDescriptors(process.pid).length).toBeLessThanOrEqual(before.length))
    expect(openDescriptors(isolation.zygotePid)).toHaveLength(zygoteBefore.length)
    // And its heir.
    await eventually(() => expect(childrenOf(isolation.zygotePid)).toHaveLength(4 + 1))
  })
})

function openDescriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return []
    }
  })
}

function childrenOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ')
}
