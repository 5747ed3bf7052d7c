import { describe, expect, it } from 'vitest'
import { stopJob } from '../../dist/queue/control.js'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { workplace } from '../support/worker.ts'

const modules = [fixtureJobs('features.mjs')]
const retry = { max: 5, delay: ['10ms', '20ms'] }

describe.each(['fork', 'inline'] as const)('in %s mode', (mode) => {
  const place = async () => {
    const work = await workplace(mode)
    work.start({ modules })
    return work
  }

  it('a job that fails is tried again, after its delays, until it finishes', async () => {
    const { enqueue, ended, broker, log } = await place()
    const id = await enqueue('flaky', [3], { retry })
    expect(await ended(id)).toMatchObject({ state: 'finished', result: '3', attempts: 3, retriesLeft: 3 })
    const results = await broker.jobResults(id)
    expect(results.map(({ type, failure }) => failure?.message ?? type)).toEqual([
      'finished',
      'attempt 2 fails',
      'attempt 1 fails',
    ])
    expect(log.join()).toMatch(/again in 10 ms: Error: attempt 1 fails/)
  })

  it('a job that fails once too often has failed', async () => {
    const { enqueue, ended } = await place()
    const id = await enqueue('flaky', [9], { retry: 2 })
    expect(await ended(id)).toMatchObject({ state: 'failed', attempts: 3, failure: { message: 'attempt 3 fails' } })
  })

  it.skipIf(mode === 'inline')('a job whose process dies is tried again', async () => {
    const { enqueue, ended, broker } = await place()
    const id = await enqueue('dies', [], { retry: 1 })
    expect(await ended(id)).toMatchObject({ state: 'finished', result: '"alive"', attempts: 2 })
    expect((await broker.jobResults(id))[1]).toMatchObject({ type: 'retried', failure: { kind: 'signal' } })
  })

  it('a job that is to be repeated runs as often as it says', async () => {
    const { enqueue, ended, broker } = await place()
    const id = await enqueue('counts', [], { repeat: { times: 2, delay: '10ms' } })
    expect(await ended(id)).toMatchObject({ state: 'finished', result: '3', repeatsLeft: 0 })
    expect((await broker.jobResults(id)).map(({ result }) => result)).toEqual(['3', '2', '1'])
  })

  it('a failure callback hears of the failure when no retry is left', async () => {
    const { enqueue, ended, broker } = await place()
    const id = await enqueue('fails', [], { retry: 1, onFailure: 'told', onSuccess: 'told', meta: { user: 7 } })
    await ended(id)
    const callbacks = (await broker.jobList({ limit: 10, name: 'told' })).jobs
    expect(callbacks).toHaveLength(1)
    const record = await ended(callbacks[0]?.id ?? '')
    expect(JSON.parse(record.result ?? '')).toMatchObject({
      type: 'failure',
      job: { id, name: 'fails', queue: 'default', args: [], attempt: 2, meta: { user: 7 } },
      failure: { kind: 'error', name: 'TypeError', message: 'it broke' },
    })
  })

  it('a function given as success callback runs as a job of its own', async () => {
    const { enqueue, ended, broker } = await place()
    const id = await enqueue('works', [{ n: 1 }], { onSuccess: 'works.on-success' })
    await ended(id)
    const [callback] = (await broker.jobList({ limit: 10, name: 'works.on-success' })).jobs
    expect(callback).toMatchObject({ queue: 'default' })
    expect(JSON.parse((await ended(callback?.id ?? '')).result ?? '')).toEqual({
      heard: { n: 1 },
      args: [{ n: 1 }],
      by: 'works.on-success',
    })
  })

  it('a job that is stopped calls its stopped callback, and is not retried', async () => {
    const { enqueue, ended, broker } = await place()
    const id = await enqueue('forever', [], { retry: 3, onStopped: 'told', onFailure: 'told' })
    await eventually(async () => expect((await broker.jobFetch(id))?.meta).toBeDefined(), { timeoutMs: 20_000 })
    await stopJob(broker, id)
    expect(await ended(id)).toMatchObject({ state: 'stopped', retriesLeft: 3 })
    const callbacks = (await broker.jobList({ limit: 10, name: 'told' })).jobs
    expect(callbacks).toHaveLength(1)
    const event = JSON.parse((await ended(callbacks[0]?.id ?? '')).result ?? '')
    expect(event).toMatchObject({ type: 'stopped', job: { id, meta: { running: true } } })
  })

  it('a job runs after those that it depends on', async () => {
    const { enqueue, ended, broker } = await place()
    const first = await enqueue('noop', [1])
    const second = await enqueue('flaky', [2], { retry })
    const last = await enqueue('noop', ['last'], { dependsOn: [first, second] })
    const record = await ended(last)
    expect(record.startedAt).toBeGreaterThanOrEqual((await broker.jobFetch(second))?.endedAt ?? Number.NaN)
  })

  it('a job can do with other jobs what a producer can', async () => {
    const { enqueue, ended } = await place()
    const record = await ended(await enqueue('manages'))
    expect(record.failure).toBeUndefined()
    expect(JSON.parse(record.result ?? '')).toEqual({
      states: ['canceled', 'queued'],
      names: [true],
      results: [],
      meta: {},
    })
  })
})

describe('a job that kills its workers', () => {
  it('calls its failure callback when it is given up', async () => {
    const { enqueue, ended, broker, start } = await workplace('inline')
    const id = await enqueue('noop', [1], { onFailure: 'told', retry: 5 })
    const claim = { worker: 'dead', outcomes: [], queues: ['default'], limit: 1, leaseMs: 20 }
    expect((await broker.jobExchange(claim)).claimed).toHaveLength(1)
    start({ modules, maxAbandonments: 0 })
    expect(await ended(id)).toMatchObject({ state: 'failed', failure: { kind: 'abandoned' } })
    const callback = await eventually(async () => {
      const [found] = (await broker.jobList({ limit: 10, name: 'told' })).jobs
      if (found === undefined) throw new Error('no callback yet')
      return ended(found.id)
    })
    expect(JSON.parse(callback.result ?? '')).toMatchObject({ type: 'failure', failure: { kind: 'abandoned' } })
  })
})
