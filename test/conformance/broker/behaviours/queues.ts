import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../../src/broker/broker.ts'
import { UsageError } from '../../../../src/errors.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, ids, newJob, released } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const NONE = { queued: 0, started: 0, finished: 0, failed: 0, deferred: 0, scheduled: 0, stopped: 0, canceled: 0 }

async function queue(broker: Broker, name: string) {
  return (await broker.queueList()).find((info) => info.name === name)
}

export function describeQueues(setup: Setup): void {
  describe('queues', () => {
    it('are none at first', async () => {
      const { broker } = await setup()
      expect(await broker.queueList()).toEqual([])
    })

    it('tell what waits in them, and for how long the first has', async () => {
      const { broker, reopen } = await setup()
      expect(await broker.queueBacklog(['default', 'other'])).toEqual({ waiting: 0, oldestMs: 0 })
      await enqueue(broker, ['a', 'b', 'c'])
      await enqueue(broker, ['later'], { dueAt: Date.now() + 3_600_000 })
      await claimOne(broker)
      await new Promise((resolve) => setTimeout(resolve, 30))
      await enqueue(broker, ['x'], { queue: 'other' })
      const { waiting, oldestMs } = await (await reopen()).queueBacklog(['default', 'other', 'none'])
      expect(waiting).toBe(3)
      expect(oldestMs).toBeGreaterThanOrEqual(29)
      expect(oldestMs).toBeLessThan(60_000)
      await broker.queuePause('default')
      expect(await broker.queueBacklog(['default', 'other'])).toMatchObject({ waiting: 1 })
      await broker.workSuspend()
      expect(await broker.queueBacklog(['default', 'other'])).toEqual({ waiting: 0, oldestMs: 0 })
    })

    it('count their jobs by state', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a', 'b', 'c', 'd', 'e', 'f'])
      await enqueue(broker, ['later'], { dueAt: Date.now() + 3_600_000 })
      await enqueue(broker, ['x', 'y'], { queue: 'other' })
      const [a, b, c, d] = (await claim(broker, { limit: 5 })) as [never, never, never, never]
      await handIn(broker, [finished(a), finished(b), failed(c), released(d)])
      const list = await (await reopen()).queueList()
      expect(list.map(({ name }) => name).toSorted()).toEqual(['default', 'other'])
      expect(list.find(({ name }) => name === 'default')).toEqual({
        name: 'default',
        paused: false,
        counts: { ...NONE, queued: 2, started: 1, finished: 2, failed: 1, scheduled: 1 },
      })
      expect((await queue(broker, 'other'))?.counts).toEqual({ ...NONE, queued: 2 })
    })

    it('count what is requeued, deleted and forgotten', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['again', 'deleted', 'kept-not', 'kept'])
      await broker.jobDelete('kept-not')
      await enqueue(broker, ['kept-not'], { resultTtlMs: 0 })
      const claimed = await claim(broker, { limit: 4 })
      await handIn(
        broker,
        claimed.map((job) => finished(job)),
      )
      expect((await queue(broker, 'default'))?.counts).toEqual({ ...NONE, finished: 3 })
      await broker.jobRequeue('again')
      await broker.jobDelete('deleted')
      expect((await queue(broker, 'default'))?.counts).toEqual({ ...NONE, queued: 1, finished: 1 })
    })

    it('give nothing while paused, and all after', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a', 'b'])
      await enqueue(broker, ['x'], { queue: 'other' })
      const other = await reopen()
      await other.queuePause('default')
      expect((await queue(broker, 'default'))?.paused).toBe(true)
      expect(ids(await claim(broker, { queues: ['default', 'other'], limit: 5 }))).toEqual(['x'])
      await enqueue(broker, ['c'])
      expect(await claim(broker, { limit: 5 })).toEqual([])
      await other.queueResume('default')
      expect((await queue(broker, 'default'))?.paused).toBe(false)
      expect(ids(await claim(broker, { limit: 5 }))).toEqual(['a', 'b', 'c'])
    })

    it('let running jobs of a paused queue end', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      await broker.queuePause('default')
      expect(await handIn(broker, [finished(job)])).toEqual([])
    })

    it('can be paused before they exist', async () => {
      const { broker } = await setup()
      await broker.queuePause('future')
      await broker.queuePause('future')
      expect(await broker.queueList()).toEqual([{ name: 'future', paused: true, counts: NONE }])
      await enqueue(broker, ['a'], { queue: 'future' })
      expect(await claim(broker, { queues: ['future'] })).toEqual([])
      await broker.queueResume('future')
      await broker.queueResume('future')
      expect(ids(await claim(broker, { queues: ['future'] }))).toEqual(['a'])
    })

    it('can be emptied of what waits in them, and of nothing else', async () => {
      const { broker, reopen } = await setup()
      const all = Array.from({ length: 450 }, (_, index) => `job-${index}`)
      await enqueue(broker, ['running', ...all])
      await enqueue(broker, ['elsewhere'], { queue: 'other' })
      await enqueue(broker, ['later'], { dueAt: Date.now() + 3_600_000 })
      const job = await claimOne(broker)
      expect(await (await reopen()).queueEmpty('default')).toBe(450)
      expect(await broker.queueEmpty('default')).toBe(0)
      expect(await broker.queueEmpty('nobody')).toBe(0)
      expect((await queue(broker, 'default'))?.counts).toEqual({ ...NONE, started: 1, scheduled: 1 })
      expect(await broker.jobFetch('job-7')).toBeUndefined()
      expect(await handIn(broker, [finished(job)])).toEqual([])
      expect(ids(await claim(broker, { queues: ['default', 'other'], limit: 5 }))).toEqual(['elsewhere'])
    })

    it('emptied cancel what waits for their jobs, and end the wait for their results', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      await broker.jobEnqueue([newJob({ id: 'b', queue: 'other', dependsOn: { jobIds: ['a'] } })])
      const waiting = broker.jobWait('a', { timeoutMs: 20_000 })
      await (await reopen()).queueEmpty('default')
      expect(await waiting).toBeUndefined()
      expect((await broker.jobFetch('b'))?.state).toBe('canceled')
    })

    it('refuse names that lists cannot hold', async () => {
      const { broker } = await setup()
      await expect(broker.queuePause('a,b')).rejects.toThrow(UsageError)
      await expect(broker.queueResume('')).rejects.toThrow(UsageError)
    })
  })
}
