import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../../src/broker/broker.ts'
import { UsageError } from '../../../../src/errors.ts'
import type { JobDependencies } from '../../../../src/job/policies.ts'
import { eventually } from '../../../support/eventually.ts'
import {
  canceled,
  claim,
  claimOne,
  enqueue,
  failed,
  finished,
  handIn,
  ids,
  newJob,
  released,
  retried,
  stateOf,
  stopped,
} from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

async function enqueueAfter(broker: Broker, id: string, dependsOn: JobDependencies): Promise<void> {
  await broker.jobEnqueue([newJob({ id, dependsOn })])
}

export function describeDependencies(setup: Setup): void {
  describe('dependencies', () => {
    it('keep a job deferred until the one that it waits for has finished', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await enqueueAfter(broker, 'b', { jobIds: ['a'] })
      const record = await broker.jobFetch('b')
      expect(record).toMatchObject({ state: 'deferred', dependsOn: { jobIds: ['a'] } })
      expect(record).not.toHaveProperty('enqueuedAt')
      expect(await broker.jobDependents('a')).toEqual(['b'])
      const [job, ...more] = await claim(broker, { limit: 10 })
      expect(more).toEqual([])
      await handIn(broker, [finished(job as never)])
      expect((await broker.jobFetch('b'))?.enqueuedAt).toBeGreaterThan(0)
      expect(await broker.jobDependents('a')).toEqual([])
      expect(ids(await claim(broker))).toEqual(['b'])
    })

    it('let it be claimed in the call that ends the other', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await enqueueAfter(broker, 'b', { jobIds: ['a'] })
      const job = await claimOne(broker)
      expect(ids(await claim(broker, { outcomes: [finished(job)] }))).toEqual(['b'])
    })

    it('wake a worker that waits for work', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      await broker.jobEnqueue([newJob({ id: 'b', queue: 'other', dependsOn: { jobIds: ['a'] } })])
      const job = await claimOne(broker)
      const waiting = (await reopen()).workWait({ queues: ['other'], timeoutMs: 20_000 })
      await handIn(broker, [finished(job)])
      const begin = performance.now()
      await waiting
      expect(performance.now() - begin).toBeLessThan(5000)
      expect(ids(await claim(broker, { queues: ['other'] }))).toEqual(['b'])
    })

    it('on several wait for all of them', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c'])
      await enqueueAfter(broker, 'd', { jobIds: ['a', 'b', 'c', 'a'] })
      const [a, b, c] = (await claim(broker, { limit: 3 })) as [never, never, never]
      await handIn(broker, [finished(b)])
      await handIn(broker, [finished(a)])
      expect(await stateOf(broker, 'd')).toBe('deferred')
      await handIn(broker, [finished(c)])
      expect(await stateOf(broker, 'd')).toBe('queued')
    })

    it('that all end in one call let the job go once', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      await enqueueAfter(broker, 'c', { jobIds: ['a', 'b'] })
      const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
      expect(ids(await claim(broker, { outcomes: [finished(a), finished(b)], limit: 10 }))).toEqual(['c'])
    })

    it('of many jobs on one let all of them go', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const all = Array.from({ length: 30 }, (_, index) => `job-${index}`)
      await broker.jobEnqueue(all.map((id) => newJob({ id, dependsOn: { jobIds: ['a'] } })))
      expect((await broker.jobDependents('a')).toSorted()).toEqual(all.toSorted())
      await handIn(broker, [finished(await claimOne(broker))])
      expect(ids(await claim(broker, { limit: 100 })).toSorted()).toEqual(all.toSorted())
    })

    it('count as met at the enqueue where the other has finished, or is not there', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await handIn(broker, [finished(await claimOne(broker))])
      await enqueueAfter(broker, 'b', { jobIds: ['a', 'nobody'] })
      expect(await stateOf(broker, 'b')).toBe('queued')
    })

    it('may name a job that comes earlier in the same batch', async () => {
      const { broker } = await setup()
      await broker.jobEnqueue([
        newJob({ id: 'a' }),
        newJob({ id: 'b', dependsOn: { jobIds: ['a'] } }),
        newJob({ id: 'c', dependsOn: { jobIds: ['b'] } }),
      ])
      for (const id of ['a', 'b', 'c']) {
        const claimed = await claim(broker, { limit: 10 })
        expect(ids(claimed)).toEqual([id])
        await handIn(broker, [finished(claimed[0] as never)])
      }
    })

    it('at the front put the job there when they are met', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'waiting'])
      await enqueueAfter(broker, 'b', { jobIds: ['a'], atFront: true })
      await handIn(broker, [finished(await claimOne(broker))])
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['b', 'waiting'])
    })

    const unmet = { failed, stopped, canceled, released, 'to be retried': retried }
    it.each(Object.entries(unmet))('are not met by a job that was %s', async (_, outcome) => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 1, delaysMs: [] } })
      await enqueueAfter(broker, 'b', { jobIds: ['a'] })
      await handIn(broker, [outcome(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('deferred')
    })

    it('that failed are met when the job is requeued and finishes', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await enqueueAfter(broker, 'b', { jobIds: ['a'] })
      await handIn(broker, [failed(await claimOne(broker))])
      await broker.jobRequeue('a')
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('queued')
    })

    it('that allow failure are met by a job that fails for good', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 1, delaysMs: [] } })
      await enqueueAfter(broker, 'b', { jobIds: ['a'], allowFailure: true })
      await handIn(broker, [retried(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('deferred')
      await handIn(broker, [failed(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('queued')
    })

    it('that allow failure are met at the enqueue where the other has failed, and else are not', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await handIn(broker, [failed(await claimOne(broker))])
      await enqueueAfter(broker, 'lax', { jobIds: ['a'], allowFailure: true })
      await enqueueAfter(broker, 'strict', { jobIds: ['a'] })
      expect(await stateOf(broker, 'lax')).toBe('queued')
      expect(await stateOf(broker, 'strict')).toBe('deferred')
    })

    it('that allow failure are met by a job that killed its workers', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await enqueueAfter(broker, 'b', { jobIds: ['a'], allowFailure: true })
      await claimOne(broker, { leaseMs: 20 })
      await eventually(async () => {
        expect((await broker.maintain({ maxAbandonments: 0 })).poisoned).toEqual([{ jobId: 'a', worker: 'worker-1' }])
      })
      expect(await stateOf(broker, 'b')).toBe('queued')
    })

    it('are met by a job of which nothing is kept', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { resultTtlMs: 0 })
      await enqueueAfter(broker, 'b', { jobIds: ['a'] })
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('queued')
    })

    it('that expired count as met when another one ends', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['gone'], { failureTtlMs: 30 })
      await enqueue(broker, ['a'])
      await enqueueAfter(broker, 'b', { jobIds: ['gone', 'a'] })
      const [gone, a] = (await claim(broker, { limit: 2 })) as [never, never]
      await handIn(broker, [failed(gone)])
      await eventually(async () => {
        await broker.maintain({ maxAbandonments: 3 })
        expect(await broker.jobFetch('gone')).toBeUndefined()
      })
      expect(await stateOf(broker, 'b')).toBe('deferred')
      await handIn(broker, [finished(a)])
      expect(await stateOf(broker, 'b')).toBe('queued')
    })

    it('that are deleted before they finish cancel the job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'other'])
      await enqueueAfter(broker, 'b', { jobIds: ['a', 'other'] })
      await broker.jobDelete('a')
      const record = await broker.jobFetch('b')
      expect(record?.state).toBe('canceled')
      expect(record?.endedAt).toBeGreaterThan(0)
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('canceled')
    })

    it('that fail and are kept for no time cancel the job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { failureTtlMs: 0 })
      await enqueueAfter(broker, 'strict', { jobIds: ['a'] })
      await enqueueAfter(broker, 'lax', { jobIds: ['a'], allowFailure: true })
      await handIn(broker, [failed(await claimOne(broker))])
      expect(await stateOf(broker, 'strict')).toBe('canceled')
      expect(await stateOf(broker, 'lax')).toBe('queued')
    })

    it('are waited for no longer when the job is requeued', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await enqueueAfter(broker, 'b', { jobIds: ['a'] })
      await broker.jobRequeue('b')
      expect(await broker.jobDependents('a')).toEqual([])
      const claimed = await claim(broker, { limit: 10 })
      expect(ids(claimed)).toEqual(['a', 'b'])
      await handIn(
        broker,
        claimed.map((job) => finished(job)),
      )
      expect(await stateOf(broker, 'b')).toBe('finished')
    })

    it('count as deferred in the queue', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await enqueueAfter(broker, 'b', { jobIds: ['a'] })
      expect((await broker.queueList())[0]?.counts).toMatchObject({ queued: 1, deferred: 1 })
      await handIn(broker, [finished(await claimOne(broker))])
      expect((await broker.queueList())[0]?.counts).toMatchObject({ queued: 1, deferred: 0, finished: 1 })
    })

    it('let go exactly once, however many end at the same time', async () => {
      const { broker, reopen } = await setup()
      const all = Array.from({ length: 20 }, (_, index) => `job-${index}`)
      await enqueue(broker, all)
      await enqueueAfter(broker, 'last', { jobIds: all })
      const claimed = await claim(broker, { limit: 20 })
      const brokers = [broker, await reopen(), await reopen()]
      await Promise.all(claimed.map((job, index) => handIn(brokers[index % 3] as Broker, [finished(job)])))
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['last'])
    })

    it('refuse what makes no sense', async () => {
      const { broker } = await setup()
      await expect(enqueueAfter(broker, 'a', { jobIds: [] })).rejects.toThrow(UsageError)
      await expect(enqueueAfter(broker, 'a', { jobIds: ['a'] })).rejects.toThrow(/itself/)
      const both = newJob({ id: 'a', dependsOn: { jobIds: ['b'] }, dueAt: Date.now() + 1000 })
      await expect(broker.jobEnqueue([both])).rejects.toThrow(/not for both/)
    })
  })
}
