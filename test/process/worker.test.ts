import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ForkIsolation } from '../../dist/worker/isolation/fork/fork-isolation.js'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { isAlive } from '../support/processes.ts'
import { sharedWorkplace, workplace } from '../support/worker.ts'

describe.each(['fork', 'pool', 'inline'] as const)('a worker in %s mode', (mode) => {
  const shared = sharedWorkplace(mode, { grace: '100ms' })

  it('runs what is enqueued and keeps the results', async () => {
    const { enqueue, ended } = await shared()
    const ids = await Promise.all([enqueue('add', [1, 2]), enqueue('throw'), enqueue('nothing')])
    const [sum, failed, nothing] = await Promise.all(ids.map(ended))
    expect(sum).toMatchObject({ state: 'finished', result: '3', attempts: 1 })
    expect(failed).toMatchObject({ state: 'failed', failure: { kind: 'error', name: 'TypeError' } })
    expect(nothing).toMatchObject({ state: 'finished', result: 'null' })
    expect(sum?.bill?.wallMs).toBeGreaterThan(0)
  })

  it('leaves in burst mode when its queues are empty, jobs enqueued by jobs included', async () => {
    const { worker, enqueue, ended } = await workplace(mode)
    const id = await enqueue('enqueue-another')
    await worker({ burst: true }).run()
    const parent = await ended(id)
    expect(await ended(JSON.parse(parent.result ?? ''))).toMatchObject({
      name: 'child',
      state: 'finished',
      result: '42',
    })
  })

  it('serves its queues in strict order, and each first in, first out', async () => {
    const { worker, enqueue } = await workplace(mode)
    const names: unknown[] = []
    for (const [queue, value] of [
      ['low', 1],
      ['high', 2],
      ['low', 3],
      ['high', 4],
    ] as const) {
      await enqueue('echo', [value], { queue })
    }
    const bursting = worker({ burst: true, concurrency: 1, queues: ['high', 'low'] })
    bursting.supervisor.on('started', (job) => names.push(...JSON.parse(job.args)))
    await bursting.run()
    expect(names).toEqual([2, 4, 1, 3])
  })

  it('runs a scheduled job when it becomes due, and not before', async () => {
    const { broker, ended } = await shared()
    const dueAt = Date.now() + 300
    const job = {
      name: 'nothing',
      queue: 'default',
      args: '[]',
      timeoutMs: -1,
      resultTtlMs: 60_000,
      failureTtlMs: 60_000,
    }
    await broker.jobEnqueue([{ ...job, id: 'later', createdAt: Date.now(), dueAt }])
    expect((await broker.jobFetch('later'))?.state).toBe('scheduled')
    const done = await ended('later')
    expect(done.startedAt).toBeGreaterThanOrEqual(dueAt)
  })

  it('aborts the signal of a job that reaches its timeout, which fails as such', async () => {
    const { enqueue, ended } = await shared()
    expect(await ended(await enqueue('wait-for-abort', [], { timeout: '100ms' }))).toMatchObject({
      state: 'failed',
      failure: {
        kind: 'timeout',
        name: 'JobTimeoutError',
        message: 'the job reached its timeout of 100 ms and gave up when its signal aborted',
      },
    })
  })

  it('ends a job that does not heed its timeout when the grace is over', async () => {
    const { enqueue, ended } = await shared()
    const { failure } = await ended(await enqueue('never-settles', [], { timeout: '50ms' }))
    expect(failure).toMatchObject({ kind: 'timeout', name: 'JobTimeoutError' })
    expect(failure?.message).toContain(mode === 'inline' ? 'could not be killed here' : 'was killed')
  })

  it('finishes what runs when it is told to stop, and takes no more', async () => {
    const { worker, enqueue, broker } = await workplace(mode)
    const [first, second] = [await enqueue('sleep', [200]), await enqueue('sleep', [200])]
    const working = worker({ concurrency: 1 })
    working.supervisor.once('started', () => working.supervisor.stop())
    await working.run()
    expect((await broker.jobFetch(first))?.state).toBe('finished')
    expect((await broker.jobFetch(second))?.state).toBe('queued')
  })

  it('hands back what runs, uncounted, when it is killed', async () => {
    const { worker, enqueue, broker } = await workplace(mode)
    const id = await enqueue('never-settles')
    const working = worker()
    working.supervisor.once('started', () => working.supervisor.kill())
    await working.run()
    expect(await broker.jobFetch(id)).toMatchObject({ state: 'queued', attempts: 0 })
  })

  it('is listed with what it runs, and no more once it has left', async () => {
    const { worker, enqueue, broker } = await workplace(mode)
    const id = await enqueue('wait-for-abort', [], { timeout: '1s' })
    const working = worker({ burst: true })
    const running = working.run()
    await eventually(async () => {
      expect(await broker.workerList()).toMatchObject([{ name: working.name, isolation: mode, running: [id] }])
    })
    await running
    expect(await broker.workerList()).toEqual([])
  })

  it('registers again when the broker has forgotten it', async () => {
    const { start, broker } = await workplace(mode)
    const { name } = start({ lease: '600ms' })
    await eventually(async () => expect(await broker.workerList()).toMatchObject([{ name, state: 'idle' }]))
    await broker.workerUnregister(name)
    await eventually(async () => expect(await broker.workerList()).toMatchObject([{ name }]))
  })

  it('kills a job whose lease it has lost, and does not end it for the other worker', async () => {
    const { start, enqueue, broker } = await workplace(mode)
    // Its one slot is taken, so it cannot claim the job again itself.
    const { name, supervisor } = start({ lease: '600ms', concurrency: 1 })
    const started = once(supervisor, 'started')
    const lost = once(supervisor, 'leaseLost')
    const id = await enqueue('never-settles')
    const [{ executionId }] = (await started) as [{ executionId: string }]
    const exchange = { queues: ['default'], leaseMs: 60_000, outcomes: [], limit: 0 }
    await broker.jobExchange({ ...exchange, worker: name, outcomes: [{ jobId: id, executionId, type: 'released' }] })
    const { claimed } = await broker.jobExchange({ ...exchange, worker: 'thief', limit: 1 })
    expect(claimed).toMatchObject([{ id }])
    await lost
    await eventually(() => expect(supervisor.running).toEqual([]))
    expect(await broker.jobFetch(id)).toMatchObject({ state: 'started', worker: 'thief' })
  })
})

describe.each(['fork', 'pool'] as const)('a worker in %s mode, where jobs have a process of their own,', (mode) => {
  const shared = sharedWorkplace(mode, { grace: '100ms' })

  it('kills a job that blocks its event loop past timeout and grace', async () => {
    const { enqueue, ended } = await shared()
    const { failure, bill } = await ended(await enqueue('loop-for-ever', [], { timeout: '1s' }))
    expect(failure).toMatchObject({ kind: 'timeout', message: expect.stringContaining('and was killed') })
    expect(bill?.usage?.cpuUserMs).toBeGreaterThan(50)
  })

  it('goes on after every way in which a horse can die', async () => {
    const { enqueue, ended } = await shared()
    const deaths: [string, unknown[], string][] = [
      ['exit', [3], 'exit'],
      ['kill-itself', ['SIGKILL'], 'signal'],
      ['kill-itself', ['SIGSEGV'], 'signal'],
      ['throw-in-timer', [], 'uncaught-exception'],
      ['reject-unheard', [], 'unhandled-rejection'],
      ['run-empty', [], 'loop-empty'],
    ]
    for (const [name, args, kind] of deaths) {
      expect((await ended(await enqueue(name, args))).failure?.kind).toBe(kind)
    }
    expect(await ended(await enqueue('add', [20, 22]))).toMatchObject({ state: 'finished', result: '42' })
  })
})

describe('a worker in fork mode', () => {
  it('loses no job while its zygote and its horses are killed', { timeout: 60_000 }, async () => {
    const { start, enqueue, ended } = await workplace('fork')
    const worker = start({ concurrency: 4 })
    const isolation = worker.isolation as ForkIsolation
    let kills = 0
    worker.supervisor.on('started', () => {
      if (kills++ % 25 === 24) process.kill(isolation.zygotePid, 'SIGKILL')
    })
    const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => enqueue('add', [i, 0])))
    const records = await Promise.all(ids.map(ended))
    for (const [i, record] of records.entries()) {
      if (record.state === 'finished') expect(record.result).toBe(String(i))
      else expect(record.failure?.kind).toBe('zygote-died')
    }
    expect(records.filter(({ state }) => state === 'finished').length).toBeGreaterThan(100)
  })

  it('that is killed leaves no process behind, and its jobs run elsewhere', { timeout: 60_000 }, async () => {
    const { enqueue, ended, start, broker, url } = await workplace('fork')
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
    const flags = ['worker', '--broker', url, '--jobs-file', fixtureJobs('behaviours.mjs'), '--lease', '2s']
    const doomed = fork(main, flags, { silent: true, execArgv: [] })
    const id = await enqueue('pid-then-sleep', [1500])
    await eventually(async () => expect((await broker.jobFetch(id))?.meta).toBeDefined(), { timeoutMs: 15_000 })
    const { pid } = JSON.parse((await broker.jobFetch(id))?.meta ?? '')
    doomed.kill('SIGKILL')
    await once(doomed, 'exit')
    const died = performance.now()
    await eventually(() => expect(isAlive(pid)).toBe(false))
    expect(performance.now() - died).toBeLessThan(2000)
    start({ lease: '2s' })
    expect(await ended(id)).toMatchObject({ state: 'finished', attempts: 2, abandonments: 1 })
  })
})
