import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../../src/broker/broker.ts'
import { BrokerUnavailableError } from '../../../../src/errors.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, released } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

/** Far above what a wake-up takes, far below the time waited for. */
const PROMPT_MS = 1500
const LONG = { timeoutMs: 20_000 }

/**
 * By then a wait begun earlier has looked, found nothing and fallen asleep: one that begins later, for a job that never
 * was, has looked, too. Only a wake-up ends the earlier one in good time.
 */
async function asleep(broker: Broker): Promise<void> {
  for (let round = 0; round < 2; round++) await broker.jobWait('nobody', LONG)
}

async function timed<T>(promise: Promise<T>): Promise<{ value: T; ms: number }> {
  const begin = performance.now()
  return { value: await promise, ms: performance.now() - begin }
}

export function describeJobWait(setup: Setup): void {
  describe('wait for a job', () => {
    it('is over at once where the job has ended, or never was', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await handIn(broker, [finished(await claimOne(broker), '1')])
      expect(await broker.jobWait('a', LONG)).toMatchObject({ state: 'finished', result: '1' })
      expect(await broker.jobWait('nobody', LONG)).toBeUndefined()
    })

    it.each(['finished', 'failed'])('ends when another broker says the job %s', async (how) => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      const other = await reopen()
      const waiting = timed(broker.jobWait('a', LONG))
      const job = await claimOne(other)
      await asleep(broker)
      await handIn(other, [how === 'finished' ? finished(job, '"yes"') : failed(job)])
      const { value, ms } = await waiting
      expect(value?.state).toBe(how)
      expect(ms).toBeLessThan(PROMPT_MS)
    })

    it('ends without a record where nothing of the job is kept', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'], { resultTtlMs: 0 })
      const other = await reopen()
      const waiting = timed(broker.jobWait('a', LONG))
      const job = await claimOne(other)
      await asleep(broker)
      await handIn(other, [finished(job)])
      const { value, ms } = await waiting
      expect(value).toBeUndefined()
      expect(ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when the job is deleted', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      const waiting = timed(broker.jobWait('a', LONG))
      await asleep(broker)
      await (await reopen()).jobDelete('a')
      const { value, ms } = await waiting
      expect(value).toBeUndefined()
      expect(ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when the job is given up because it kills its workers', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      await claimOne(broker, { leaseMs: 20 })
      const waiting = timed(broker.jobWait('a', LONG))
      await asleep(broker)
      const other = await reopen()
      await eventually(async () => {
        expect((await other.maintain({ maxAbandonments: 0 })).poisoned).toHaveLength(1)
      })
      const { value, ms } = await waiting
      expect(value).toMatchObject({ state: 'failed', failure: { kind: 'abandoned' } })
      expect(ms).toBeLessThan(PROMPT_MS)
    })

    it('goes on when the job is released or another one ends', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      const waiting = broker.jobWait('a', LONG)
      const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
      await handIn(broker, [released(a), finished(b)])
      await handIn(broker, [finished(await claimOne(broker), '"at last"')])
      expect(await waiting).toMatchObject({ id: 'a', state: 'finished', result: '"at last"' })
    })

    it('gives the job as it is when the time is over', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const { value, ms } = await timed(broker.jobWait('a', { timeoutMs: 80 }))
      expect(value).toMatchObject({ id: 'a', state: 'queued' })
      expect(ms).toBeGreaterThan(70)
      expect((await broker.jobWait('a', { timeoutMs: 0 }))?.state).toBe('queued')
    })

    it('gives the job as it is when the signal aborts', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const controller = new AbortController()
      const waiting = timed(broker.jobWait('a', { signal: controller.signal }))
      setTimeout(() => controller.abort(), 30)
      const { value, ms } = await waiting
      expect(value).toMatchObject({ id: 'a', state: 'queued' })
      expect(ms).toBeLessThan(PROMPT_MS)
      expect((await broker.jobWait('a', { signal: AbortSignal.abort() }))?.state).toBe('queued')
    })

    it('serves many at once', async () => {
      const { broker, reopen } = await setup()
      const all = Array.from({ length: 200 }, (_, index) => `job-${index}`)
      await enqueue(broker, all)
      const waiting = all.map((id) => broker.jobWait(id, LONG))
      const other = await reopen()
      for (;;) {
        const jobs = await claim(other, { limit: 7 })
        if (jobs.length === 0) break
        await handIn(
          other,
          jobs.map((job) => finished(job, JSON.stringify(job.id))),
        )
      }
      const records = await Promise.all(waiting)
      expect(records.map((record) => JSON.parse(record?.result ?? 'null'))).toEqual(all)
    })

    it('is told when the broker is closed meanwhile', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const waiting = expect(broker.jobWait('a', LONG)).rejects.toThrow(BrokerUnavailableError)
      await broker.close()
      await waiting
    })
  })
}
