import { describe, expect, it } from 'vitest'
import { UNLIMITED } from '../../../../src/job/record.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, ids, retried } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const maxAbandonments = 3

export function describeExpiry(setup: Setup): void {
  describe('time to live', () => {
    it('of 0 keeps nothing', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { resultTtlMs: 0 })
      await enqueue(broker, ['b'], { failureTtlMs: 0 })
      const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
      expect(await handIn(broker, [finished(a), failed(b)])).toEqual([])
      expect(await broker.jobFetch('a')).toBeUndefined()
      expect(await broker.jobFetch('b')).toBeUndefined()
      expect((await broker.jobList({ limit: 10 })).jobs).toEqual([])
    })

    it('is that of the result for finished jobs and that of the failure for failed ones', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'], { resultTtlMs: 0, failureTtlMs: UNLIMITED })
      const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
      await handIn(broker, [finished(a), failed(b)])
      expect(await broker.jobFetch('a')).toBeUndefined()
      expect(await broker.jobFetch('b')).toMatchObject({ state: 'failed' })
    })

    it('unlimited keeps a job for ever', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { resultTtlMs: UNLIMITED })
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await broker.jobFetch('a')).not.toHaveProperty('expiresAt')
      expect(await broker.maintain({ maxAbandonments })).toMatchObject({ expired: 0 })
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'finished' })
    })

    it('over, the job is forgotten', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['short-1', 'short-2'], { resultTtlMs: 60, failureTtlMs: 60 })
      await enqueue(broker, ['long'], { resultTtlMs: 60_000 })
      const [one, two, three] = (await claim(broker, { limit: 3 })) as [never, never, never]
      await handIn(broker, [finished(one), failed(two), finished(three)])
      expect(await broker.jobFetch('short-1')).toMatchObject({ state: 'finished' })
      await eventually(async () => {
        await broker.maintain({ maxAbandonments })
        expect(await broker.jobFetch('short-1')).toBeUndefined()
        expect(await broker.jobFetch('short-2')).toBeUndefined()
      })
      expect(await broker.jobFetch('long')).toMatchObject({ state: 'finished' })
    })

    it('ends when the job is requeued', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { failureTtlMs: 60 })
      await handIn(broker, [failed(await claimOne(broker))])
      await broker.jobRequeue('a')
      const later = Date.now() + 80
      await eventually(() => expect(Date.now()).toBeGreaterThan(later))
      await broker.maintain({ maxAbandonments })
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'queued' })
    })
  })

  describe('time to live until the start', () => {
    it('over, the job is not started any more, and is forgotten', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['short', 'long'], { ttlMs: 60 })
      await broker.jobDelete('long')
      await enqueue(broker, ['long'], { ttlMs: 3_600_000 })
      const record = await broker.jobFetch('short')
      expect(record).toMatchObject({ state: 'queued', ttlMs: 60, expiresAt: (record?.enqueuedAt ?? 0) + 60 })
      await eventually(async () => {
        await broker.maintain({ maxAbandonments })
        expect(await broker.jobFetch('short')).toBeUndefined()
      })
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['long'])
    })

    it('is not waited for by a worker', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['short'], { ttlMs: 30 })
      const later = Date.now() + 40
      await eventually(() => expect(Date.now()).toBeGreaterThan(later))
      expect(await claim(broker, { limit: 10 })).toEqual([])
    })

    it('is over for good once the job was started', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { ttlMs: 80, retry: { max: 3, delaysMs: [] } })
      const job = await claimOne(broker)
      expect(await broker.jobFetch('a')).not.toHaveProperty('expiresAt')
      await handIn(broker, [retried(job)])
      const later = Date.now() + 100
      await eventually(() => expect(Date.now()).toBeGreaterThan(later))
      expect(await broker.maintain({ maxAbandonments })).toMatchObject({ expired: 0 })
      expect(await claimOne(broker)).toMatchObject({ id: 'a', attempt: 2 })
    })

    it('begins when a scheduled job is queued', async () => {
      const { broker } = await setup()
      const dueAt = Date.now() + 120
      await enqueue(broker, ['a'], { dueAt, ttlMs: 3_600_000 })
      expect(await broker.jobFetch('a')).not.toHaveProperty('expiresAt')
      await eventually(async () => expect((await broker.maintain({ maxAbandonments })).promoted).toBe(1))
      expect((await broker.jobFetch('a'))?.expiresAt).toBeGreaterThanOrEqual(dueAt + 3_600_000)
    })

    it('begins when a deferred job is queued, and again with a requeue', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await enqueue(broker, ['b'], { dependsOn: { jobIds: ['a'] }, ttlMs: 3_600_000 })
      expect(await broker.jobFetch('b')).not.toHaveProperty('expiresAt')
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await broker.jobFetch('b')).toHaveProperty('expiresAt')
      await handIn(broker, [failed(await claimOne(broker))])
      await broker.jobRequeue('b')
      const record = await broker.jobFetch('b')
      expect(record?.expiresAt).toBe((record?.enqueuedAt ?? 0) + 3_600_000)
    })

    it('unlimited is none, and none at all is refused', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { ttlMs: UNLIMITED })
      expect(await broker.jobFetch('a')).not.toHaveProperty('expiresAt')
      await expect(enqueue(broker, ['b'], { ttlMs: 0 })).rejects.toThrow(/ttlMs/)
    })
  })
}
