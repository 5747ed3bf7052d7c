import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../../src/errors.ts'
import { claim, claimOne, enqueue, finished, ids, newJob, WORKER } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

export function describeClaims(setup: Setup): void {
  describe('claim', () => {
    it('hands over all that is needed to run the job', async () => {
      const { broker } = await setup()
      const given = newJob({ id: 'a', args: '[1]', meta: '{"k":1}', timeoutMs: 99 })
      await broker.jobEnqueue([given])
      const job = await claimOne(broker)
      expect(job).toMatchObject({
        id: 'a',
        name: given.name,
        queue: 'default',
        attempt: 1,
        timeoutMs: 99,
        createdAt: given.createdAt,
      })
      expect(JSON.parse(job.args)).toEqual([1])
      expect(JSON.parse(job.meta ?? '')).toEqual({ k: 1 })
      expect(job.executionId).not.toBe('')
      expect(job.enqueuedAt).toBeTypeOf('number')
    })

    it('marks the job as started by the worker', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const before = Date.now()
      const { executionId } = await claimOne(broker)
      const job = await broker.jobFetch('a')
      expect(job).toMatchObject({ state: 'started', worker: WORKER, attempts: 1, executionId })
      expect(job?.startedAt).toBeGreaterThanOrEqual(before - 1)
    })

    it('is first in, first out', async () => {
      const { broker, reopen } = await setup()
      const other = await reopen()
      for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) await enqueue(index % 2 === 0 ? broker : other, [id])
      const claimed = [await claimOne(broker), await claimOne(other), ...(await claim(broker, { limit: 5 }))]
      expect(ids(claimed)).toEqual(['a', 'b', 'c', 'd'])
    })

    it('serves queues strictly in the order given', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['low-1', 'low-2'], { queue: 'low' })
      await enqueue(broker, ['high-1', 'high-2'], { queue: 'high' })
      const queues = ['high', 'empty', 'low']
      expect(ids(await claim(broker, { queues, limit: 3 }))).toEqual(['high-1', 'high-2', 'low-1'])
      await enqueue(broker, ['high-3'], { queue: 'high' })
      expect(ids(await claim(broker, { queues, limit: 3 }))).toEqual(['high-3', 'low-2'])
    })

    it('takes nothing from queues not asked for', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { queue: 'other' })
      expect(await claim(broker, { limit: 10 })).toEqual([])
    })

    it('takes no more than asked for', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c'])
      expect(await claim(broker, { limit: 0 })).toEqual([])
      expect(ids(await claim(broker, { limit: 2 }))).toEqual(['a', 'b'])
    })

    it('gives each job to one claimer only', async () => {
      const { broker, reopen } = await setup()
      const brokers = [broker, await reopen(), await reopen()]
      const order = Array.from({ length: 300 }, (_, index) => `job-${index}`)
      await enqueue(broker, order)
      const claimer = async (index: number) => {
        const mine: string[] = []
        for (;;) {
          const jobs = await claim(brokers[index % 3] ?? broker, { worker: `worker-${index}`, limit: (index % 4) + 1 })
          if (jobs.length === 0) return mine
          mine.push(...ids(jobs))
        }
      }
      const all = (await Promise.all(Array.from({ length: 9 }, (_, index) => claimer(index)))).flat()
      expect(all.toSorted()).toEqual(order.toSorted())
    })

    it('names every execution differently', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c'])
      const first = await claim(broker, { limit: 3 })
      expect(new Set(first.map((job) => job.executionId)).size).toBe(3)
    })

    it('ends executions and claims the next jobs in one call', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c', 'd'])
      const running = await claim(broker, { limit: 2 })
      const { claimed, refused } = await broker.jobExchange({
        worker: WORKER,
        outcomes: running.map((job) => finished(job, '1')),
        queues: ['default'],
        limit: 2,
        leaseMs: 60_000,
      })
      expect(refused).toEqual([])
      expect(ids(claimed)).toEqual(['c', 'd'])
      expect((await broker.jobFetch('a'))?.state).toBe('finished')
      expect((await broker.jobFetch('b'))?.state).toBe('finished')
    })

    it.each([
      ['a queue name with a comma', { queues: ['a,b'] }],
      ['a negative limit', { limit: -1 }],
      ['a lease of no length', { leaseMs: 0 }],
      ['a worker without a name', { worker: '' }],
    ])('refuses %s', async (_, params) => {
      const { broker } = await setup()
      await expect(
        broker.jobExchange({ worker: WORKER, outcomes: [], queues: ['default'], limit: 1, leaseMs: 1000, ...params }),
      ).rejects.toThrow(UsageError)
    })
  })
}
