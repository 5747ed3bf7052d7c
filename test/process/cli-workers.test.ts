import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { descendants, expectGone, type LogLine, type RunningCli, runCli, startCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { createProject, JOBS } from '../support/project.ts'
import { projectQueue } from '../support/project-queue.ts'

const events = (cli: RunningCli, event: string): LogLine[] => cli.log.filter((line) => line.event === event)

/** Two workers, ready, of one slot each on queue slow, and how to ask for their pids. */
async function startTwo(isolation: 'fork' | 'inline' = 'inline') {
  const cwd = await createProject({ 'jobs.mjs': JOBS })
  const master = startCli(['workers', '2', 'slow', '--isolation', isolation, '--concurrency', '1'], { cwd })
  await master.waitForEvent('workers.ready')
  const queue = await projectQueue(cwd)
  const pids = async () => (await queue.broker.workerList()).map(({ pid }) => pid)
  await eventually(async () => expect(await pids()).toHaveLength(2))
  return { cwd, master, queue, pids }
}

describe('with --burst', () => {
  test('all workers share the work and leave when it is done', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    for (let i = 0; i < 40; i++) await queue.enqueue('add', [i, i])
    const master = startCli(['workers', '3', '--burst', '--concurrency', '1', '--name', 'crew'], { cwd })
    expect(await master.exited).toMatchObject({ code: 0, stdout: '' })
    expect(events(master, 'workers.done')[0]).toMatchObject({ finished: 40, failed: 0 })
    expect(
      events(master, 'worker.started')
        .map(({ worker }) => worker)
        .sort(),
    ).toEqual(['crew-1', 'crew-2', 'crew-3'])
    expect(events(master, 'job.finished')).toHaveLength(40)
  })

  test('a worker that dies is not started again, and the exit code says so', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    await (await projectQueue(cwd)).enqueue('hold')
    const master = startCli(['workers', '1', 'slow', '--burst', '--isolation', 'inline'], { cwd })
    await master.waitForOutput('holding')
    process.kill((await master.waitForEvent('worker.started')).pid, 'SIGKILL')
    expect(await master.exited).toMatchObject({ code: 1 })
    expect(events(master, 'workers.failed')[0]?.msg).toBe('worker 1 was ended by SIGKILL')
  })
})

test('a worker that dies is started again', async () => {
  const { cwd, master, queue, pids } = await startTwo()
  const [first = 0] = await pids()
  process.kill(first, 'SIGKILL')
  expect((await master.waitForEvent('workers.restart')).msg).toMatch(
    /^worker [12] was ended by SIGKILL; starting it again/,
  )
  await eventually(async () => expect(events(master, 'worker.ready')).toHaveLength(3))
  await writeFile(join(cwd, 'release'), '')
  expect(await queue.result(await queue.enqueue('hold'))).toBe('"released"')
})

describe('signals', () => {
  test('the first: all finish what runs, then leave', async () => {
    const { cwd, master, queue, pids } = await startTwo()
    const id = await queue.enqueue('hold')
    await master.waitForOutput('holding')
    const workers = await pids()
    master.kill('SIGINT')
    await eventually(() => expect(events(master, 'worker.stop')).toHaveLength(2))
    await writeFile(join(cwd, 'release'), '')
    expect(await master.exited).toMatchObject({ code: 0 })
    expect(await queue.job(id)).toMatchObject({ state: 'finished' })
    await expectGone(workers)
  })

  test('the second: all are killed, and what ran goes back to its queue', async () => {
    const { master, queue, pids } = await startTwo('fork')
    const id = await queue.enqueue('hold')
    await master.waitForOutput('holding')
    const workers = await pids()
    master.kill('SIGTERM')
    await eventually(() => expect(events(master, 'worker.stop')).toHaveLength(2))
    master.kill('SIGTERM')
    expect(await master.exited).toMatchObject({ code: 143 })
    expect(await queue.job(id)).toMatchObject({ state: 'queued', attempts: 0 })
    await expectGone(workers)
  })

  test('SIGKILL of the master takes workers, zygotes and horses along; jobs go back at once', async () => {
    const { master, queue } = await startTwo('fork')
    const id = await queue.enqueue('hold')
    await master.waitForOutput('holding')
    const processes = await descendants(master.pid)
    expect(processes.length).toBeGreaterThanOrEqual(2 + 2 + 1)
    master.kill('SIGKILL')
    await expectGone(processes, 5000)
    expect(await queue.job(id)).toMatchObject({ state: 'queued', attempts: 0 })
  })
})

describe('what none of them survives', () => {
  test('is said, and nothing is started again', async () => {
    const cwd = await createProject({ 'jobs.mjs': `throw new Error('no database')` })
    const { code, stderr } = await runCli(['workers', '2', '--isolation', 'fork'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toContain('cannot be loaded: Error: no database')
    expect(stderr).toMatch(/worker [12] left with exit code 1 before any worker was ready; stopping/)
    expect(stderr).not.toContain('starting it again')
  })

  test('as far as it can be known before is said once', async () => {
    const cwd = await createProject()
    const { code, stderr } = await runCli(['workers', '4'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^workhorse: no jobs file: .*\n$/)
  })
})
