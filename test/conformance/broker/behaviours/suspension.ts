import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../../src/errors.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, finished, handIn, ids } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

export function describeSuspension(setup: Setup): void {
  describe('suspension', () => {
    it('gives out nothing until it is over, from any queue and to anybody', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      await enqueue(broker, ['b'], { queue: 'other' })
      const other = await reopen()
      expect(await broker.workSuspended()).toBe(false)
      await broker.workSuspend()
      await broker.workSuspend()
      expect(await other.workSuspended()).toBe(true)
      expect(await claim(other, { queues: ['default', 'other'], limit: 5 })).toEqual([])
      await enqueue(other, ['c'])
      expect(await claim(broker, { limit: 5 })).toEqual([])
      await other.workResume()
      await other.workResume()
      expect(await broker.workSuspended()).toBe(false)
      expect(ids(await claim(broker, { limit: 5 }))).toEqual(['a', 'c'])
    })

    it('lets what runs end', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      const job = await claimOne(broker)
      await broker.workSuspend()
      expect(await claim(broker, { outcomes: [finished(job)] })).toEqual([])
      expect((await broker.jobFetch('a'))?.state).toBe('finished')
    })

    it('keeps those asleep that wait for work, and wakes them at its end', async () => {
      const { broker, reopen } = await setup()
      await broker.workSuspend()
      await enqueue(broker, ['a'])
      const other = await reopen()
      let woken = false
      await other.workWait({ queues: ['default'], timeoutMs: 60 })
      expect(await claim(other)).toEqual([])
      const waiting = other.workWait({ queues: ['default'], timeoutMs: 20_000 }).then(() => {
        woken = true
      })
      await enqueue(broker, ['b'])
      expect(woken).toBe(false)
      const begin = performance.now()
      await broker.workResume()
      await waiting
      expect(performance.now() - begin).toBeLessThan(5000)
      expect(ids(await claim(other, { limit: 5 }))).toEqual(['a', 'b'])
    })

    it('can end by itself, and wakes then, too', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      const before = Date.now()
      await broker.workSuspend({ ttlMs: 1200 })
      expect(await claim(broker)).toEqual([])
      await (await reopen()).workWait({ queues: ['default'], timeoutMs: 20_000 })
      await eventually(async () => expect(await broker.workSuspended()).toBe(false))
      expect(Date.now() - before).toBeGreaterThanOrEqual(1200)
      expect(Date.now() - before).toBeLessThan(10_000)
      expect(ids(await claim(broker))).toEqual(['a'])
    })

    it('replaces the one before', async () => {
      const { broker } = await setup()
      await broker.workSuspend({ ttlMs: 3_600_000 })
      await broker.workSuspend({ ttlMs: 30 })
      await eventually(async () => expect(await broker.workSuspended()).toBe(false))
    })

    it('refuses to last for no time', async () => {
      const { broker } = await setup()
      await expect(broker.workSuspend({ ttlMs: 0 })).rejects.toThrow(UsageError)
      expect(await broker.workSuspended()).toBe(false)
    })

    it('does not keep the outcome of a job out', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      await broker.workSuspend()
      expect(await handIn(broker, [finished(job)])).toEqual([])
    })
  })
}
