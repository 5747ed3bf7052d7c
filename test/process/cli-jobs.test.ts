import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { JobView, Snapshot } from '../../src/queue/inspect.ts'
import { printed, printedJson, runCli, startCli } from '../support/cli.ts'
import { claim, handIn, stateOf } from '../support/jobs.ts'
import { createProject, JOBS } from '../support/project.ts'
import { projectQueue } from '../support/project-queue.ts'

interface List {
  readonly jobs: readonly JobView[]
  readonly cursor?: string
}

const ISOLATIONS = ['fork', 'pool', 'inline'] as const

describe.each(ISOLATIONS)('enqueue, work, look (%s)', (isolation) => {
  const burst = ['worker', 'default', 'loud', '--burst', '--isolation', isolation]

  test('a job that finishes', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const id = await printed(['enqueue', 'shout', '"hello"'], { cwd })
    const worker = await runCli(burst, { cwd })
    expect(worker.code).toBe(0)
    const job = await printedJson<JobView>(['jobs', 'show', id], { cwd })
    expect(job).toMatchObject({ id, name: 'shout', queue: 'loud', state: 'finished', args: ['hello'], attempts: 1 })
    expect(job.result).toEqual({ text: 'HELLO' })
    expect(job.bill?.wallMs).toBeGreaterThan(0)
  })

  test('a job that fails, with its stack', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const id = await printed(['enqueue', 'fail'], { cwd })
    expect((await runCli(burst, { cwd })).code).toBe(0)
    const shown = await printed(['jobs', 'show', id], { cwd })
    expect(shown).toMatch(/^state +failed$/m)
    expect(shown).toMatch(/^failure +error: TypeError: it broke\n +badly\n +at .*\/jobs\.mjs:\d+:\d+/m)
  })

  test('the log says who works, what ended how, and sums up', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    await queue.enqueue('add', [1, 2])
    await queue.enqueue('fail')
    const worker = startCli(burst, { cwd })
    const { stdout } = await worker.exited
    expect(stdout).toBe('')
    const line = (event: string) => worker.log.find((one) => one.event === event)
    expect(line('worker.started')).toMatchObject({ isolation, queues: ['default', 'loud'] })
    expect(line('worker.started')?.msg).toContain(
      `(pid ${worker.pid}) of default, loud at sqlite://${cwd}/workhorse.db`,
    )
    expect(line('job.finished')).toMatchObject({ level: 'info', job: 'add', queue: 'default' })
    expect(line('job.failed')).toMatchObject({ level: 'error', job: 'fail', failure: { message: 'it broke\nbadly' } })
    expect(line('job.failed')?.msg).toMatch(/^failed in .*: TypeError: it broke …$/)
    expect(line('worker.done')).toMatchObject({ finished: 1, failed: 1 })
  })
})

test('what a forked job prints is a line of the log', async () => {
  const cwd = await createProject({ 'jobs.mjs': JOBS })
  await (await projectQueue(cwd)).enqueue('shout', ['hello'])
  const worker = startCli(['worker', 'loud', '--burst', '--isolation', 'fork'], { cwd })
  await worker.exited
  const line = worker.log.find(({ event }) => event === 'job.output')
  expect(line).toMatchObject({ job: 'shout', stream: 'stdout', msg: 'HELLO' })
})

describe('enqueue', () => {
  test('--wait prints the result of a job', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const worker = startCli(['worker', 'default', 'loud', '--isolation', 'inline'], { cwd })
    await worker.waitForEvent('worker.ready')
    const { code, stdout, stderr } = await runCli(['enqueue', 'add', '2', '-3', '--wait=10s'], { cwd })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '-1\n' })
    expect(stderr).toMatch(/^enqueued add \S+, waiting for its result\n$/)
    const json = await printedJson<object>(['enqueue', 'shout', '"a"', '--wait', '--id', 'my-job'], { cwd })
    expect(json).toEqual({ id: 'my-job', name: 'shout', queue: 'loud', result: { text: 'A' } })
  })

  test('--wait fails where the job fails, or takes too long', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const worker = startCli(['worker', 'loud', '--isolation', 'inline'], { cwd })
    await worker.waitForEvent('worker.ready')
    const failed = await runCli(['enqueue', 'fail', '--wait', '--id', 'broken'], { cwd })
    expect(failed).toMatchObject({ code: 1, stdout: '' })
    expect(failed.stderr).toContain('workhorse: fail broken failed: TypeError: it broke')
    const late = await runCli(['enqueue', 'add', '1', '2', '--wait=10ms', '--id', 'late'], { cwd })
    expect(late).toMatchObject({ code: 1, stdout: '' })
    expect(late.stderr).toContain('workhorse: job late is still queued after 10 ms')
  })

  test('takes the options of the definition, and others over them', async () => {
    const cwd = await createProject({
      'jobs.mjs': `import { job } from 'workhorse'
        job('slow', { queue: 'night', timeout: '2h', resultTtl: '1d' }, () => {})`,
    })
    const own = await printed(['enqueue', 'slow'], { cwd })
    const other = await printed(['enqueue', 'slow', '--queue', 'day', '--at', '2040-01-01T00:00:00Z'], { cwd })
    const base = { name: 'slow', timeoutMs: 7_200_000, resultTtlMs: 86_400_000 }
    const queue = await projectQueue(cwd)
    expect(await queue.job(own)).toMatchObject({
      ...base,
      queue: 'night',
      state: 'queued',
    })
    const dueAt = Date.UTC(2040, 0, 1)
    const delayed = { ...base, queue: 'day', state: 'scheduled', dueAt }
    expect(await queue.job(other)).toMatchObject(delayed)
  })

  test('--in and --front', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const before = Date.now()
    const { dueAt } = await printedJson<{ dueAt: number }>(['enqueue', 'add', '1', '1', '--in', '2h'], { cwd })
    expect(dueAt).toBeGreaterThanOrEqual(before + 7_200_000)
    expect(dueAt).toBeLessThanOrEqual(Date.now() + 7_200_000)
    await printed(['enqueue', 'add', '1', '1', '--id', 'behind'], { cwd })
    await printed(['enqueue', 'add', '1', '1', '--id', 'before', '--front'], { cwd })
    const worker = startCli(['worker', '--burst', '--isolation', 'inline', '--concurrency', '1'], { cwd })
    await worker.exited
    const order = worker.log.filter(({ event }) => event === 'job.finished').map(({ id }) => id)
    expect(order).toEqual(['before', 'behind'])
  })

  test('an id that is taken is an error', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    await (await projectQueue(cwd)).enqueue('add', [1, 1], { id: 'twice' })
    const { code, stderr } = await runCli(['enqueue', 'add', '1', '1', '--id', 'twice'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toBe('workhorse: a job with id twice exists already; nothing was enqueued\n')
  })
})

describe('info', () => {
  test('counts jobs by state and shows paused queues', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    for (const args of [
      [1, 2],
      [3, 4],
    ])
      await queue.enqueue('add', args)
    await queue.enqueue('fail')
    await queue.enqueue('add', [1, 1], { dueAt: Date.now() + 3_600_000 })
    await runCli(['worker', 'loud', '--burst', '--isolation', 'inline'], { cwd })
    await printed(['queues', 'pause', 'loud'], { cwd })
    const { queues, workers } = await printedJson<Snapshot>(['info'], { cwd })
    expect(workers).toEqual([])
    expect(queues.map(({ name, paused, counts }) => ({ name, paused, ...counts }))).toMatchObject([
      { name: 'default', paused: false, queued: 2, scheduled: 1, finished: 0, failed: 0 },
      { name: 'loud', paused: true, queued: 0, scheduled: 0, finished: 0, failed: 1 },
    ])
    expect((await printed(['info'], { cwd })).replace(cwd, '/project')).toMatchInlineSnapshot(`
      "broker  sqlite:///project/workhorse.db

      queue    queued  started  finished  failed  scheduled
      default       2        0         0       0          1
      loud          0        0         0       1          0  paused

      no workers"
    `)
  })

  test('shows workers and what they run', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const id = await (await projectQueue(cwd)).enqueue('hold')
    const worker = startCli(['worker', 'slow', '--isolation', 'inline', '--name', 'w1', '--concurrency', '3'], { cwd })
    await worker.waitForOutput('holding')
    const { workers } = await printedJson<Snapshot>(['info'], { cwd })
    expect(workers).toMatchObject([
      { name: 'w1', state: 'busy', pid: worker.pid, concurrency: 3, running: [{ id, name: 'hold' }] },
    ])
    const shown = await printed(['info'], { cwd })
    expect(shown).toMatch(/^w1 +busy +inline +1\/3 +0 +0 .* slow$/m)
    expect(shown).toMatch(new RegExp(`^hold +${id} +slow .* w1$`, 'm'))
  })

  test('--watch shows it again and again, until Ctrl-C', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const info = startCli(['info', '--watch=20ms', '--json'], { cwd })
    await info.waitForOutput(/(\{.*\}\n){3}/)
    info.kill('SIGINT')
    expect(await info.exited).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('jobs', () => {
  /** Three failed jobs and one finished one. */
  async function setup() {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const { broker, enqueue } = await projectQueue(cwd)
    for (const id of ['f1', 'f2', 'f3']) await enqueue('fail', [], { id })
    await enqueue('add', [1, 2], { id: 'a1' })
    const failure = { kind: 'error', name: 'TypeError', message: 'it broke' } as const
    for (const { id, name, executionId } of await claim(broker, { queues: ['loud', 'default'], limit: 4 })) {
      const ended = { jobId: id, executionId }
      await handIn(broker, [
        name === 'fail' ? { ...ended, type: 'failed', failure } : { ...ended, type: 'finished', result: '3' },
      ])
    }
    const ids = async (...args: string[]) =>
      (await printedJson<List>(['jobs', 'list', ...args], { cwd })).jobs.map(({ id }) => id)
    const left = async () => (await broker.jobList({ limit: 10 })).jobs.map(({ id }) => id)
    return { cwd, ids, broker, left }
  }

  test('list: newest first, filtered, page by page', async () => {
    const { cwd, ids } = await setup()
    expect(await ids()).toEqual(['a1', 'f3', 'f2', 'f1'])
    expect(await ids('--state', 'finished')).toEqual(['a1'])
    expect(await ids('--queue', 'loud')).toEqual(['f3', 'f2', 'f1'])
    expect(await ids('--name', 'add')).toEqual(['a1'])
    const first = await printedJson<List>(['jobs', 'list', '--limit', '3'], { cwd })
    expect(first.cursor).toBeDefined()
    expect(await ids('--limit', '3', '--cursor', first.cursor ?? '')).toEqual(['f1'])
    const { stdout, stderr } = await runCli(['jobs', 'list', '--limit', '1'], { cwd })
    expect(stdout).toMatch(
      /^id +job +queue +state +age +took +attempts +arguments or failure\na1 +add +default +finished /,
    )
    expect(stderr).toMatch(/^there are more: add --cursor \S+\n$/)
  })

  test('requeue by id', async () => {
    const { cwd, broker } = await setup()
    expect(await printed(['jobs', 'requeue', 'f1', 'a1'], { cwd })).toBe('requeued 2 jobs')
    for (const id of ['f1', 'a1']) expect(await stateOf(broker, id)).toBe('queued')
  })

  test('requeue all failed ones of a queue, oldest first', async () => {
    const { cwd } = await setup()
    expect(await printed(['jobs', 'requeue', '--state', 'failed', '--queue', 'loud'], { cwd })).toBe('requeued 3 jobs')
    const worker = startCli(['worker', 'loud', '--burst', '--isolation', 'inline', '--concurrency', '1'], { cwd })
    await worker.exited
    expect(worker.log.filter(({ event }) => event === 'job.failed').map(({ id }) => id)).toEqual(['f1', 'f2', 'f3'])
  })

  test('delete by id and by state', async () => {
    const { cwd, left } = await setup()
    expect(await printedJson(['jobs', 'delete', 'f2'], { cwd })).toEqual({ deleted: ['f2'], refused: [] })
    expect(await printed(['jobs', 'delete', '--state', 'failed'], { cwd })).toBe('deleted 2 jobs')
    expect(await left()).toEqual(['a1'])
  })

  test('some of several ids refused: the others are done, and it is an error', async () => {
    const { cwd, left } = await setup()
    const { code, stdout, stderr } = await runCli(['jobs', 'delete', 'f1', 'nobody', 'f2'], { cwd })
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'deleted 2 jobs\n' })
    expect(stderr).toMatch(/^workhorse: no job with id nobody: .*\n$/)
    expect(await left()).toEqual(['a1', 'f3'])
  })

  test('deleting nothing is an error', async () => {
    const cwd = await createProject()
    const { code, stdout, stderr } = await runCli(['jobs', 'delete', '--state', 'failed', '--queue', 'q'], { cwd })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe("workhorse: nothing deleted: no job is failed in queue 'q'\n")
  })

  test('showing a job that is not there is an error', async () => {
    const { code, stderr } = await runCli(['jobs', 'show', randomUUID()], { cwd: await createProject() })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^workhorse: no job with id .*\n$/)
  })
})

describe('queues', () => {
  test('a paused queue is passed over until it is resumed', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const queue = await projectQueue(cwd)
    await queue.enqueue('add', [1, 2], { id: 'a1' })
    expect(await printed(['queues', 'pause', 'default'], { cwd })).toBe('paused default')
    const burst = ['worker', '--burst', '--isolation', 'inline']
    await runCli(burst, { cwd })
    expect(await queue.job('a1')).toMatchObject({ state: 'queued' })
    expect(await printedJson(['queues', 'resume', 'default'], { cwd })).toEqual({ resumed: ['default'] })
    await runCli(burst, { cwd })
    expect(await queue.job('a1')).toMatchObject({ state: 'finished' })
  })

  test('list', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    expect(await printed(['queues', 'list'], { cwd })).toBe('no queues yet')
    await (await projectQueue(cwd)).enqueue('add', [1, 2])
    const { queues } = await printedJson<Pick<Snapshot, 'queues'>>(['queues', 'list'], { cwd })
    expect(queues).toMatchObject([{ name: 'default', paused: false, counts: { queued: 1 } }])
    expect(await printed(['queues', 'list'], { cwd })).toMatch(/^default +1 +0 +0 +0 +0$/m)
  })

  test('pausing one that nobody has heard of says so', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    await (await projectQueue(cwd)).enqueue('add', [1, 2])
    const { code, stdout, stderr } = await runCli(['queues', 'pause', 'defualt'], { cwd })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'paused defualt\n' })
    expect(stderr).toBe("note: there is no queue 'defualt' yet; did you mean 'default'?\n")
  })
})
