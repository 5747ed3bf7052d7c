import { describe, expect, it } from 'vitest'
import { cancelJob, stopJob } from '../../dist/queue/control.js'
import { printed, printedJson, runCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { isAlive } from '../support/processes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { type Workplace, workplace } from '../support/worker.ts'

const modules = [fixtureJobs('limits.mjs')]

/** What the job tells of itself once it has begun. */
async function begun({ broker }: Workplace, id: string): Promise<{ pid: number; child?: number }> {
  return eventually(
    async () => {
      const meta = (await broker.jobFetch(id))?.meta
      if (meta === undefined) throw new Error(`job ${id} has not begun`)
      return JSON.parse(meta)
    },
    { timeoutMs: 20_000 },
  )
}

describe('stopping a job by its id', () => {
  it('kills a job that blocks its event loop, and touches none of its neighbours', async () => {
    const place = await workplace('fork')
    place.start({ modules, concurrency: 2 })
    const [blocked, neighbour] = [await place.enqueue('burn'), await place.enqueue('hold', [1500])]
    const [{ pid }] = [await begun(place, blocked), await begun(place, neighbour)]
    expect(await stopJob(place.broker, blocked)).toBe('stopped')
    expect(isAlive(pid)).toBe(false)
    expect(await place.ended(blocked)).toMatchObject({
      state: 'stopped',
      failure: { kind: 'stopped', name: 'JobStoppedError', message: 'the job was stopped and killed at once' },
      bill: { signal: 'SIGKILL' },
    })
    expect(await place.ended(neighbour)).toMatchObject({ state: 'finished', attempts: 1 })
  })

  it('gives it a grace after its signal has aborted, and no more', async () => {
    const place = await workplace('fork')
    place.start({ modules })
    const [obeying, deaf] = [await place.enqueue('wait-for-abort'), await place.enqueue('ignore-abort')]
    await Promise.all([begun(place, obeying), begun(place, deaf)])
    await Promise.all([stopJob(place.broker, obeying, 15_000), stopJob(place.broker, deaf, 100)])
    expect((await place.ended(obeying)).failure?.message).toBe(
      'the job was stopped and gave up when its signal aborted',
    )
    expect((await place.ended(deaf)).failure?.message).toContain('killed, for it had not ended 100 ms after')
  })

  it('kills what the job has started, in a session of its own, too', async () => {
    const place = await workplace('fork')
    place.start({ modules })
    const id = await place.enqueue('burn-in-child')
    const { child } = await begun(place, id)
    await stopJob(place.broker, id)
    await eventually(() => expect(isAlive(child as number)).toBe(false))
  })

  it('cancels a job that has not begun', async () => {
    const place = await workplace('fork')
    const id = await place.enqueue('hold', [0])
    expect(await stopJob(place.broker, id)).toBe('canceled')
    expect((await place.broker.jobFetch(id))?.state).toBe('canceled')
  })

  it('says so where the job has ended, never was, or is with a worker that is gone', async () => {
    const place = await workplace('fork')
    const { broker } = place
    await expect(stopJob(broker, 'nobody')).rejects.toMatchObject({ code: 'WORKHORSE_JOB_NOT_FOUND' })
    const id = await place.enqueue('hold', [0])
    await broker.jobExchange({ worker: 'dead', outcomes: [], queues: ['default'], limit: 1, leaseMs: 60_000 })
    await expect(stopJob(broker, id)).rejects.toMatchObject({ code: 'WORKHORSE_WORKER_GONE', worker: 'dead' })
    const ended = await place.enqueue('hold', [0])
    await cancelJob(broker, ended)
    await expect(stopJob(broker, ended)).rejects.toMatchObject({ code: 'WORKHORSE_JOB_STATE', state: 'canceled' })
  })

  it('reaches a worker in another process, by the command line', { timeout: 60_000 }, async () => {
    const place = await workplace('fork')
    const cwd = await temporaryDirectory()
    const started = place.start({ modules })
    const [stopped, canceled] = [await place.enqueue('burn'), await place.enqueue('wait-for-abort')]
    await Promise.all([begun(place, stopped), begun(place, canceled)])
    const broker = ['--broker', place.url]
    expect(await printed(['jobs', 'stop', stopped, '--grace', '100ms', ...broker], { cwd })).toBe('stopped 1 job')
    expect(await printedJson(['jobs', 'cancel', canceled, ...broker], { cwd })).toEqual({
      canceled: [canceled],
      refused: [],
    })
    expect(await place.ended(stopped)).toMatchObject({ state: 'stopped' })
    expect(await place.ended(canceled)).toMatchObject({ state: 'canceled' })
    const again = await runCli(['jobs', 'stop', stopped, ...broker], { cwd })
    expect(again).toMatchObject({ code: 1, stderr: `workhorse: job ${stopped} is stopped: it has ended already\n` })
    expect(started.supervisor.running).toEqual([])
  })
})

describe('canceling a job', () => {
  it.each(['fork', 'inline'] as const)('aborts the signal of one that runs in %s mode', async (mode) => {
    const place = await workplace(mode)
    place.start({ modules })
    const id = await place.enqueue('wait-for-abort')
    await begun(place, id)
    expect(await cancelJob(place.broker, id)).toBe('started')
    expect(await place.ended(id)).toMatchObject({ state: 'canceled', attempts: 1 })
  })

  it('leaves one alone that finishes all the same', async () => {
    const place = await workplace('fork')
    place.start({ modules })
    const id = await place.enqueue('hold', [500])
    await begun(place, id)
    await cancelJob(place.broker, id)
    expect(await place.ended(id)).toMatchObject({ state: 'finished', result: '"held"' })
  })
})

describe('commands to a worker', () => {
  it('kill-horse fails what runs, and the worker goes on', async () => {
    const place = await workplace('fork')
    const { name } = place.start({ modules })
    const id = await place.enqueue('burn')
    await begun(place, id)
    await place.broker.commandSend({ worker: name, command: { type: 'kill-horse' } })
    expect(await place.ended(id)).toMatchObject({
      state: 'failed',
      failure: { kind: 'signal', name: 'HorseKilledError', message: 'the job was killed by the command kill-horse' },
    })
    expect(await place.ended(await place.enqueue('hold', [1]))).toMatchObject({ state: 'finished' })
  })

  it('shutdown lets it finish what runs, and leave', async () => {
    const place = await workplace('fork')
    const worker = place.worker({ modules })
    const running = worker.run()
    const id = await place.enqueue('hold', [300])
    await begun(place, id)
    await place.broker.commandSend({ worker: worker.name, command: { type: 'shutdown' } })
    await running
    expect((await place.broker.jobFetch(id))?.state).toBe('finished')
    expect(await place.broker.workerList()).toEqual([])
  })
})
