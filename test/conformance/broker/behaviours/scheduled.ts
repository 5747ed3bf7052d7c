import { describe, expect, it } from 'vitest'
import { eventually } from '../../../support/eventually.ts'
import { claim, enqueue, ids, newJob } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const maxAbandonments = 3

export function describeScheduled(setup: Setup): void {
  describe('scheduled jobs', () => {
    it('wait until they are due', async () => {
      const { broker } = await setup()
      const dueAt = Date.now() + 150
      await enqueue(broker, ['a'], { dueAt })
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'scheduled', dueAt })
      expect(record).not.toHaveProperty('enqueuedAt')
      expect(await claim(broker)).toEqual([])
      expect(await broker.maintain({ maxAbandonments })).toMatchObject({ promoted: 0, nextDueAt: dueAt })
      await eventually(async () => {
        expect((await broker.maintain({ maxAbandonments })).promoted).toBe(1)
      })
      expect(Date.now()).toBeGreaterThanOrEqual(dueAt)
      const queued = await broker.jobFetch('a')
      expect(queued?.state).toBe('queued')
      expect(queued?.enqueuedAt).toBeGreaterThanOrEqual(dueAt)
      expect(ids(await claim(broker))).toEqual(['a'])
      expect(await broker.maintain({ maxAbandonments })).not.toHaveProperty('nextDueAt')
    })

    it('are queued at once where their time is past', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { dueAt: Date.now() - 1 })
      expect((await broker.jobFetch('a'))?.state).toBe('queued')
      expect(ids(await claim(broker))).toEqual(['a'])
    })

    it('come to the end of their queue in the order in which they become due', async () => {
      const { broker } = await setup()
      const now = Date.now()
      await broker.jobEnqueue([
        newJob({ id: 'third', dueAt: now + 90 }),
        newJob({ id: 'first', dueAt: now + 60 }),
        newJob({ id: 'second', dueAt: now + 61 }),
        newJob({ id: 'much-later', dueAt: now + 3_600_000 }),
        newJob({ id: 'waiting' }),
      ])
      await eventually(() => expect(Date.now()).toBeGreaterThan(now + 100))
      const done = await broker.maintain({ maxAbandonments })
      expect(done).toMatchObject({ promoted: 3, nextDueAt: now + 3_600_000 })
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['waiting', 'first', 'second', 'third'])
    })

    it('come to the front where they were meant for it', async () => {
      const { broker } = await setup()
      const now = Date.now()
      await broker.jobEnqueue([newJob({ id: 'waiting' }), newJob({ id: 'urgent', dueAt: now + 40, atFront: true })])
      await eventually(async () => expect((await broker.maintain({ maxAbandonments })).promoted).toBe(1))
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['urgent', 'waiting'])
    })

    it('are queued once, however many maintain at the same time', async () => {
      const { broker, reopen } = await setup()
      const dueAt = Date.now() + 1000
      const all = Array.from({ length: 500 }, (_, index) => `job-${index}`)
      await enqueue(broker, all, { dueAt })
      const brokers = [broker, await reopen(), await reopen()]
      await eventually(() => expect(Date.now()).toBeGreaterThan(dueAt))
      const done = await Promise.all(brokers.map((each) => each.maintain({ maxAbandonments })))
      expect(done.reduce((sum, { promoted }) => sum + promoted, 0)).toBe(500)
      expect(ids(await claim(broker, { limit: 1000 }))).toEqual(all)
    })

    it('can be enqueued at once after all', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { dueAt: Date.now() + 3_600_000 })
      await broker.jobRequeue('a')
      const record = await broker.jobFetch('a')
      expect(record?.state).toBe('queued')
      expect(record).not.toHaveProperty('dueAt')
      expect(ids(await claim(broker))).toEqual(['a'])
    })

    it('can be deleted', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { dueAt: Date.now() + 3_600_000 })
      await broker.jobDelete('a')
      expect(await broker.jobFetch('a')).toBeUndefined()
      expect(await broker.maintain({ maxAbandonments })).not.toHaveProperty('nextDueAt')
    })
  })
}
