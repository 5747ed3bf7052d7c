import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/queue/inspect.ts'
import { descendants, expectGone, printed, printedJson, runCli, startCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { createProject, JOBS } from '../support/project.ts'
import { projectQueue } from '../support/project-queue.ts'

const ISOLATIONS = ['fork', 'pool', 'inline'] as const

describe.each(ISOLATIONS)('Ctrl-C (%s)', (isolation) => {
  /** A worker with a job that runs until `release()`, and one more that waits. */
  async function setup() {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    await queue.enqueue('hold', [], { id: 'held' })
    await queue.enqueue('add', [1, 2], { id: 'waits', queue: 'slow' })
    const worker = startCli(['worker', 'slow', '--concurrency', '1', '--isolation', isolation], { cwd })
    await worker.waitForOutput('holding')
    const release = () => writeFile(join(cwd, 'release'), '')
    return { cwd, worker, release, show: queue.job }
  }

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'once (%s): what runs is finished, nothing more is taken',
    async (signal) => {
      const { worker, release, show } = await setup()
      const processes = await descendants(worker.pid)
      worker.kill(signal)
      const stopping = await worker.waitForEvent('worker.stop')
      expect(stopping.msg).toBe(`${signal}: taking no more, finishing 1 job; again to kill`)
      expect(await worker.waitForEvent('job.running')).toMatchObject({ job: 'hold', id: 'held' })
      expect((await worker.waitForEvent('job.running')).msg).toMatch(/^still running, for \S+ m?s$/)
      await release()
      expect(await worker.exited).toMatchObject({ code: 0, signal: null })
      expect(await show('held')).toMatchObject({ state: 'finished', result: '"released"' })
      expect(await show('waits')).toMatchObject({ state: 'queued' })
      await expectGone(processes)
    },
  )

  test('twice: what runs is killed and goes back to the front of its queue, uncounted', async () => {
    const { cwd, worker, release, show } = await setup()
    const processes = await descendants(worker.pid)
    worker.kill('SIGINT')
    await worker.waitForEvent('worker.stop')
    worker.kill('SIGINT')
    expect(await worker.exited).toMatchObject({ code: 130, signal: null })
    expect(worker.log.find(({ event }) => event === 'job.released')).toMatchObject({ id: 'held' })
    expect(await show('held')).toMatchObject({ state: 'queued', attempts: 0 })
    await expectGone(processes)
    await release()
    const next = startCli(['worker', 'slow', '--burst', '--isolation', 'inline', '--concurrency', '1'], { cwd })
    await next.exited
    expect(next.log.filter(({ event }) => event === 'job.finished').map(({ id }) => id)).toEqual(['held', 'waits'])
  })

  test('SIGTERM twice leaves with 143', async () => {
    const { worker } = await setup()
    worker.kill('SIGTERM')
    await worker.waitForEvent('worker.stop')
    worker.kill('SIGTERM')
    expect(await worker.exited).toMatchObject({ code: 143, signal: null })
  })

  test('with nothing running leaves at once', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const worker = startCli(['worker', '--isolation', isolation], { cwd })
    await worker.waitForEvent('worker.ready')
    worker.kill('SIGINT')
    expect(await worker.exited).toMatchObject({ code: 0, signal: null })
    expect(await (await projectQueue(cwd)).broker.workerList()).toEqual([])
  })

  test('during a boot that takes long leaves at once', async () => {
    const cwd = await createProject({
      'jobs.mjs': `import { preload } from 'workhorse'
        preload(() => { console.log('preloading'); return new Promise((resolve) => setTimeout(resolve, 60000)) })`,
    })
    const worker = startCli(['worker', '--isolation', isolation], { cwd })
    await worker.waitForOutput('preloading')
    const processes = await descendants(worker.pid)
    worker.kill('SIGINT')
    expect(await worker.exited).toMatchObject({ code: 0, signal: null })
    await expectGone(processes)
  })
})

test('SIGKILL of a worker takes its zygote and horses along', async () => {
  const cwd = await createProject({ 'jobs.mjs': JOBS })
  await (await projectQueue(cwd)).enqueue('hold')
  const worker = startCli(['worker', 'slow', '--isolation', 'fork'], { cwd })
  await worker.waitForOutput('holding')
  const processes = await descendants(worker.pid)
  expect(processes.length).toBeGreaterThanOrEqual(2)
  worker.kill('SIGKILL')
  await worker.exited
  await expectGone(processes)
})

describe('isolation', () => {
  const WITHOUT_ADDON = { WORKHORSE_NATIVE: '/nowhere/workhorse.node' }

  test('is pool, with one line that says why and what to install, where fork is not available', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    await (await projectQueue(cwd)).enqueue('add', [1, 2])
    const worker = startCli(['worker', '--burst'], { cwd, env: WITHOUT_ADDON })
    expect(await worker.exited).toMatchObject({ code: 0 })
    const warnings = worker.log.filter(({ level }) => level === 'warn')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.msg).toMatch(
      /^jobs run in pool mode, .*none at \/nowhere\/workhorse\.node; build it with: apt-get install .*$/,
    )
    expect(worker.log.find(({ event }) => event === 'worker.started')).toMatchObject({ isolation: 'pool' })
    expect(worker.log.find(({ event }) => event === 'worker.done')).toMatchObject({ finished: 1 })
  })

  test('fork, asked for where it is not available, is an error', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const byFlag = await runCli(['worker', '--isolation', 'fork'], { cwd, env: WITHOUT_ADDON })
    expect(byFlag.code).toBe(1)
    expect(byFlag.stderr).toMatch(/^workhorse: fork mode needs the native addon, .*\n$/)
    await writeFile(join(cwd, 'workhorse.config.mjs'), `export default { isolation: 'fork' }`)
    expect(await runCli(['worker'], { cwd, env: WITHOUT_ADDON })).toMatchObject({ code: 1, stderr: byFlag.stderr })
  })
})

describe('configuration', () => {
  test('a config file says what flags do not', async () => {
    const cwd = await createProject({
      'app/work.mjs': JOBS,
      'workhorse.config.ts': `import { defineConfig } from 'workhorse'
        const queues: string[] = ['loud', 'default']
        export default defineConfig({ broker: 'sqlite:app/jobs.db', jobs: 'app/work.mjs', queues, concurrency: 7, isolation: 'inline' })`,
    })
    await printed(['enqueue', 'add', '1', '2', '--id', 'a1'], { cwd })
    const worker = startCli(['worker', '--burst', '--concurrency', '3'], { cwd })
    expect(await worker.exited).toMatchObject({ code: 0 })
    expect(worker.log.find(({ event }) => event === 'worker.started')).toMatchObject({
      queues: ['loud', 'default'],
      concurrency: 3,
      isolation: 'inline',
      broker: `sqlite://${cwd}/app/jobs.db`,
    })
    expect(await printedJson(['jobs', 'show', 'a1'], { cwd })).toMatchObject({ state: 'finished' })
  })

  test('--broker goes before WORKHORSE_BROKER, and that before the config file', async () => {
    const cwd = await createProject({ 'workhorse.config.mjs': `export default { broker: 'sqlite:config.db' }` })
    const env = { WORKHORSE_BROKER: 'sqlite:env.db' }
    const broker = async (args: string[], options: object) =>
      (await printedJson<Snapshot>(['info', ...args], { cwd, ...options })).broker.replace(cwd, '')
    expect(await broker([], {})).toBe('sqlite:///config.db')
    expect(await broker([], { env })).toBe('sqlite:///env.db')
    expect(await broker(['--broker', 'sqlite:flag.db'], { env })).toBe('sqlite:///flag.db')
  })
})

describe('jobs files', () => {
  test('TypeScript, which Node 20 cannot load by itself', async () => {
    const cwd = await createProject({
      'jobs.ts': `import { job } from 'workhorse'
        enum Unit { Metre = 'm' }
        export const measure = job('measure', async (length: number): Promise<string> => \`\${length} \${Unit.Metre}\`)`,
    })
    const id = await printed(['enqueue', 'measure', '5'], { cwd })
    const queue = await projectQueue(cwd)
    for (const isolation of ISOLATIONS) {
      await printed(['worker', '--burst', '--isolation', isolation], { cwd })
      expect(await queue.job(id)).toMatchObject({ state: 'finished', result: '"5 m"' })
      await queue.broker.jobRequeue(id)
    }
  })

  test('several', async () => {
    const cwd = await createProject({
      'a.mjs': `import { job } from 'workhorse'; job('a', () => 'of a')`,
      'b.mjs': `import { job } from 'workhorse'; job('b', () => 'of b')`,
    })
    const files = ['--jobs-file', 'a.mjs', '--jobs-file=b.mjs']
    await printed(['enqueue', 'a', '--id', 'a1', ...files], { cwd })
    await printed(['enqueue', 'b', '--id', 'b1', ...files], { cwd })
    await printed(['worker', '--burst', ...files], { cwd })
    expect(await printedJson(['jobs', 'show', 'b1'], { cwd })).toMatchObject({ result: 'of b' })
  })

  const BROKEN: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    [
      'a syntax error',
      { 'jobs.mjs': 'const a = 1\nconst b = ;\n' },
      /\/jobs\.mjs cannot be loaded: SyntaxError: .* \(at line 2, column 11\)/,
    ],
    [
      'a syntax error in TypeScript',
      { 'jobs.ts': 'const a: number = 1\nconst b = ;\n' },
      /\/jobs\.ts(:2:\d+)? cannot be loaded: .*Unexpected/s,
    ],
    [
      'a throw',
      { 'jobs.mjs': `const a = 1\nthrow new Error('no database')\n` },
      /\/jobs\.mjs cannot be loaded: Error: no database\n +at .*\/jobs\.mjs:2:7\n/,
    ],
    [
      'an import of what is not there',
      { 'jobs.mjs': `import './models.mjs'\n` },
      /\/jobs\.mjs cannot be loaded: Error: Cannot find module '.*\/models\.mjs'/,
    ],
  ]

  test.each(BROKEN)('with %s: the error names file and place', async (_what, files, expected) => {
    const cwd = await createProject(files)
    for (const args of [
      ['worker', '--isolation', 'fork'],
      ['worker', '--isolation', 'inline'],
      ['enqueue', 'add'],
    ]) {
      const { code, stdout, stderr } = await runCli(args, { cwd })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr.slice(stderr.indexOf('workhorse: '))).toMatch(expected)
    }
  })

  test('a preload that throws: the error has its stack', async () => {
    const cwd = await createProject({
      'jobs.mjs': `import { preload } from 'workhorse'\npreload(() => {\n  throw new RangeError('too far')\n})\n`,
    })
    const { code, stderr } = await runCli(['worker', '--isolation', 'fork'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^workhorse: preload failed: RangeError: too far\n +at .*\/jobs\.mjs:3:9/m)
  })

  test('a preload that leaves something open: the error names it', async () => {
    const cwd = await createProject({
      'jobs.mjs': `import { preload } from 'workhorse'\npreload(() => {\n  setInterval(() => {}, 1000)\n})\n`,
    })
    const { code, stderr } = await runCli(['worker', '--isolation', 'fork'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^workhorse: preload left open what must not be forked:\n +- a timer is open, opened at .*\/jobs\.mjs:3:3\n/m,
    )
  })
})

test('a name that is taken by a living worker is refused', async () => {
  const cwd = await createProject({ 'jobs.mjs': JOBS })
  const first = startCli(['worker', '--name', 'one', '--isolation', 'inline'], { cwd })
  await first.waitForEvent('worker.ready')
  const { broker } = await projectQueue(cwd)
  await eventually(async () => expect(await broker.workerList()).toHaveLength(1))
  const { code, stderr } = await runCli(['worker', '--name', 'one', '--isolation', 'inline'], { cwd })
  expect(code).toBe(1)
  expect(stderr).toContain(`workhorse: a worker named 'one' is at work already (pid ${first.pid} on `)
  // One that was killed cannot hold its name.
  first.kill('SIGKILL')
  await first.exited
  expect(await runCli(['worker', '--name', 'one', '--isolation', 'inline', '--burst'], { cwd })).toMatchObject({
    code: 0,
  })
})
