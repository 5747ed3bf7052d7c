import { describe, expect, it } from 'vitest'
import { UNLIMITED } from '../../../../src/job/record.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, failed, finished, handIn } from '../../../support/jobs.ts'
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
}
