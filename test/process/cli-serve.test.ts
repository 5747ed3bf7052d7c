import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Snapshot } from '../../src/queue/inspect.ts'
import { descendants, isAlive, printed, printedJson, runCli, startCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { titleOf } from '../support/processes.ts'
import { createProject, JOBS } from '../support/project.ts'
import { projectQueue } from '../support/project-queue.ts'

describe('a worker told by a signal', () => {
  test('SIGTSTP takes no more, finishes what runs, and stays until it is stopped', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    await queue.enqueue('hold')
    const worker = startCli(['worker', 'slow', '--isolation', 'inline', '--concurrency', '2'], { cwd })
    await worker.waitForOutput('holding')
    worker.kill('SIGTSTP')
    await worker.waitForEvent('worker.quiet')
    await eventually(async () => expect(await queue.broker.workerList()).toMatchObject([{ state: 'quiet' }]))
    const waiting = await queue.enqueue('hold')
    await writeFile(join(cwd, 'release'), '')
    await worker.waitForEvent('job.finished')
    worker.kill('SIGTERM')
    expect((await worker.exited).code).toBe(0)
    expect(await queue.job(waiting)).toMatchObject({ state: 'queued', attempts: 0 })
  })

  const version = (n: number) => `
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { job } from 'workhorse'
job('version', () => ${n})
job('hold', async () => {
  console.log('holding')
  while (!existsSync('release')) await setTimeout(10)
  return ${n}
})
`

  test('SIGHUP loads the jobs anew without stopping: what runs goes on, and the old zygote ends with it', async () => {
    const cwd = await createProject({ 'jobs.mjs': version(1) })
    const worker = startCli(['worker', '--isolation', 'fork', '--concurrency', '2'], { cwd })
    const { zygote: old } = await worker.waitForEvent('zygote.ready')
    const queue = await projectQueue(cwd)
    const held = await queue.enqueue('hold', [], { queue: 'default' })
    await worker.waitForOutput('holding')
    expect(await queue.result(await queue.enqueue('version'))).toBe('1')
    await writeFile(join(cwd, 'jobs.mjs'), version(2))
    worker.kill('SIGHUP')
    await worker.waitForEvent('worker.reloaded')
    expect(await queue.result(await queue.enqueue('version'))).toBe('2')
    expect(await isAlive(old as number)).toBe(true)
    await writeFile(join(cwd, 'release'), '')
    expect(await queue.result(held)).toBe('1')
    await eventually(async () => expect(await isAlive(old as number)).toBe(false))
    expect(worker.log.filter(({ event }) => event === 'zygote.died')).toEqual([])
  })

  test('SIGHUP changes nothing where the new jobs cannot be loaded', async () => {
    const cwd = await createProject({ 'jobs.mjs': version(1) })
    const worker = startCli(['worker', '--isolation', 'fork', '--concurrency', '1'], { cwd })
    await worker.waitForEvent('worker.ready')
    await writeFile(join(cwd, 'jobs.mjs'), 'throw new Error("half a deploy")')
    worker.kill('SIGHUP')
    expect((await worker.waitForEvent('worker.reload-failed')).msg).toContain('half a deploy')
    const queue = await projectQueue(cwd)
    expect(await queue.result(await queue.enqueue('version'))).toBe('1')
  })

  test('--watch loads them anew when one of their files is saved; a broken save keeps what there is', {
    timeout: 120_000,
  }, async () => {
    const jobs = version(0).replace('=> 0', '=> number()').replace('return 0', 'return number()')
    const cwd = await createProject({
      'jobs.mjs': `import { number } from './lib/number.mjs'\n${jobs}`,
      'lib/number.mjs': 'export const number = () => 1',
    })
    const save = (text: string) => writeFile(join(cwd, 'lib/number.mjs'), text)
    const times = (event: string) => worker.log.filter((line) => line.event === event).length
    const worker = startCli(['worker', '--watch', '--isolation', 'fork', '--concurrency', '2'], { cwd })
    await worker.waitForEvent('worker.ready')
    const queue = await projectQueue(cwd)
    const held = await queue.enqueue('hold', [], { queue: 'default' })
    await worker.waitForOutput('holding')
    // Two saves in a row are one change, and a file that no job imports is none.
    await writeFile(join(cwd, 'lib/notes.txt'), 'nothing to do with it')
    await save('export const number = () => 1.5')
    await save('export const number = () => 2')
    await worker.waitForEvent('worker.reloaded')
    expect(worker.log.find(({ event }) => event === 'worker.reload')?.msg).toContain('lib/number.mjs changed')
    expect(await queue.result(await queue.enqueue('version'))).toBe('2')
    await save('export const number = () => {')
    expect((await worker.waitForEvent('worker.reload-failed')).msg).toContain('stay as they were')
    expect(await queue.result(await queue.enqueue('version'))).toBe('2')
    const reloads = times('worker.reloaded')
    await save('export const number = () => 3')
    await eventually(() => expect(times('worker.reloaded')).toBe(reloads + 1), { timeoutMs: 15_000 })
    expect(await queue.result(await queue.enqueue('version'))).toBe('3')
    await writeFile(join(cwd, 'release'), '')
    expect(await queue.result(held)).toBe('1')
  })

  test('SIGHUP says so where the mode cannot', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const worker = startCli(['worker', '--isolation', 'inline'], { cwd })
    await worker.waitForEvent('worker.ready')
    worker.kill('SIGHUP')
    expect((await worker.waitForEvent('worker.reload-failed')).msg).toContain('restart the worker')
  })
})

describe('a worker that leaves by itself', () => {
  test('--max-jobs: after so many jobs', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    for (let i = 0; i < 3; i++) await queue.enqueue('add', [i, 1])
    const { code } = await runCli(['worker', '--isolation', 'inline', '--max-jobs', '2'], { cwd })
    expect(code).toBe(0)
    const { queues } = await printedJson<Snapshot>(['info'], { cwd })
    expect(queues[0]?.counts).toMatchObject({ finished: 2, queued: 1 })
  })

  test('--max-idle-time: when it had nothing to do for so long, and not while a job runs', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const flags = ['--isolation', 'inline', '--max-idle-time', '300ms']
    await (await projectQueue(cwd)).enqueue('hold')
    const worker = startCli(['worker', 'slow', ...flags], { cwd })
    await worker.waitForOutput('holding')
    const idle = startCli(['worker', 'default', ...flags], { cwd })
    expect(await idle.exited).toMatchObject({ code: 0 })
    expect(worker.log.some(({ event }) => event === 'worker.leaving')).toBe(false)
    await writeFile(join(cwd, 'release'), '')
    expect(await worker.exited).toMatchObject({ code: 0 })
    expect(worker.log.find(({ event }) => event === 'worker.leaving')).toMatchObject({ reason: 'idle' })
  })

  test('--max-jobs in a crew: another takes its place', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    for (let i = 0; i < 4; i++) await queue.enqueue('add', [i, 1])
    const master = startCli(['workers', '1', '--isolation', 'inline', '--max-jobs', '2'], { cwd })
    await eventually(
      async () => {
        const { jobs } = await queue.broker.jobList({ limit: 10 })
        expect(jobs.map(({ state }) => state)).toEqual(Array(4).fill('finished'))
      },
      { timeoutMs: 20_000 },
    )
    expect((await master.waitForEvent('workers.restart')).level).toBe('info')
  })
})

describe('a worker under a service manager', () => {
  test('--pid-file: holds its pid while it runs, and is not shared', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const path = join(cwd, 'worker.pid')
    await writeFile(path, '4194303\n')
    const worker = startCli(['worker', '--isolation', 'inline', '--pid-file', path], { cwd })
    await worker.waitForEvent('worker.ready')
    expect(readFileSync(path, 'utf8')).toBe(`${worker.pid}\n`)
    const second = await runCli(['worker', '--isolation', 'inline', '--pid-file', path], { cwd })
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`held by process ${worker.pid}, which runs`),
    })
    worker.kill('SIGTERM')
    await worker.exited
    expect(existsSync(path)).toBe(false)
  })

  test('tells systemd when it is ready, reloads, and stops, and keeps its watchdog quiet', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const socket = join(cwd, 'notify.sock')
    const listener = await listen(socket)
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' }
    const worker = startCli(['worker', '--isolation', 'fork', '--concurrency', '1'], { cwd, env })
    await listener.heard(/READY=1\nSTATUS=working\nMAINPID=\d+/)
    expect(listener.text).toContain(`MAINPID=${worker.pid}`)
    await listener.heard('WATCHDOG=1')
    worker.kill('SIGHUP')
    await listener.heard(/RELOADING=1\nMONOTONIC_USEC=\d+/)
    await worker.waitForEvent('worker.reloaded')
    worker.kill('SIGTERM')
    await listener.heard('STOPPING=1')
    expect((await worker.exited).code).toBe(0)
  })

  test('health: is healthy while it is heard of, and not when it is stopped or gone', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const path = join(cwd, 'worker.pid')
    expect(await runCli(['health'], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not on the broker'),
    })
    const worker = startCli(['worker', '--isolation', 'inline', '--lease', '900ms', '--pid-file', path], { cwd })
    await worker.waitForEvent('worker.ready')
    await eventually(async () => expect((await runCli(['health'], { cwd })).code).toBe(0), { timeoutMs: 20_000 })
    expect(await printed(['health', '--pid-file', path], { cwd })).toMatch(/: idle, 0\/\d+ busy, heard of .* ago$/)
    worker.kill('SIGSTOP')
    onTestFinished(() => worker.kill('SIGCONT'))
    await eventually(
      async () => {
        const { code, stderr } = await runCli(['health', '--max-age', '500ms'], { cwd })
        expect(code).toBe(1)
        expect(stderr).toMatch(/was last heard of|is not on the broker's list/)
      },
      { timeoutMs: 20_000 },
    )
    worker.kill('SIGKILL')
    await worker.exited
    expect(await runCli(['health', '--pid-file', path], { cwd })).toMatchObject({
      code: 1,
      stderr: `workhorse: process ${worker.pid} of ${path} does not run\n`,
    })
  })

  test('its processes say in ps what they are, what they do and since when', { timeout: 60_000 }, async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const since = String.raw`since \d\d:\d\d:\d\dZ`
    const work = (queue: string, isolation: string) =>
      `worker ${queue} --isolation ${isolation} --concurrency 2`.split(' ')
    const forks = startCli(work('slow', 'fork'), { cwd })
    const queue = await projectQueue(cwd)
    const id = await queue.enqueue('hold')
    await forks.waitForOutput('holding')
    await eventually(async () => {
      expect(titleOf(forks.pid)).toMatch(/^workhorse: worker slow, 1\/2 busy, oldest hold for [\d.]+ m?s/)
      const titles = (await descendants(forks.pid)).map(titleOf).sort()
      expect(titles).toEqual([
        expect.stringMatching(`^workhorse: horse slow hold ${id} ${since}$`),
        expect.stringMatching(`^workhorse: horse, standing by ${since}$`),
        expect.stringMatching(`^workhorse: horse, standing by ${since}$`),
        'workhorse: zygote',
        'workhorse: zygote, standing by',
      ])
    })
    await writeFile(join(cwd, 'release'), '')
    forks.kill('SIGTERM')
    await forks.exited
    await rm(join(cwd, 'release'))

    const pool = startCli(['workers', '1', ...work('slow', 'pool').slice(1)], { cwd })
    const held = await queue.enqueue('hold')
    await pool.waitForOutput('holding')
    const children = async () =>
      (await descendants(pool.pid)).map(titleOf).filter((title) => title.startsWith('workhorse: pool child'))
    expect(titleOf(pool.pid)).toBe('workhorse: master of 1 workers')
    await eventually(async () =>
      expect((await children()).sort()).toEqual([
        expect.stringMatching(`^workhorse: pool child slow hold ${held} ${since}$`),
        expect.stringMatching(`^workhorse: pool child, idle ${since}$`),
      ]),
    )
    await writeFile(join(cwd, 'release'), '')
    await eventually(async () =>
      expect(await children()).toEqual(Array(2).fill(expect.stringMatching(`^workhorse: pool child, idle ${since}$`))),
    )
  })
})

/** Listens as systemd does: Node itself has no datagram sockets of this kind. */
async function listen(socket: string) {
  const script = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(s.recv(65536).decode(), flush=True)
`
  const listener: ChildProcess = spawn('python3', ['-c', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void listener.kill('SIGKILL'))
  const heard = { text: '' }
  listener.stdout?.on('data', (chunk) => {
    heard.text += chunk
  })
  const wait = (pattern: string | RegExp) =>
    eventually(() => expect(heard.text).toMatch(pattern), { timeoutMs: 20_000 })
  await wait('bound')
  return {
    get text() {
      return heard.text
    },
    heard: wait,
  }
}
