import { describe, expect, it } from 'vitest'
import type { RetryPolicy } from '../../../../src/job/policies.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, failed, handIn, ids, retried, stateOf } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const retry: RetryPolicy = { max: 2, delaysMs: [1000, 5000] }
const FAR_MS = 3_600_000

export function describeRetries(setup: Setup): void {
  describe('retries', () => {
    it('keep the policy, and hand it to whoever runs the job', async () => {
      const { broker } = await setup()
      const whole: RetryPolicy = {
        max: 3,
        delaysMs: [],
        backoff: { baseMs: 100, factor: 2, maxMs: 9000, jitter: 0.5 },
        atFront: true,
      }
      await enqueue(broker, ['a'], { retry: whole })
      expect(await broker.jobFetch('a')).toMatchObject({ retry: whole, retriesLeft: 3 })
      expect(await claimOne(broker)).toMatchObject({ retry: whole, retriesLeft: 3, attempt: 1 })
    })

    it('may be none: then a failed attempt is the last', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 0, delaysMs: [] } })
      const job = await claimOne(broker)
      expect(job).toMatchObject({ retriesLeft: 0 })
      expect(await handIn(broker, [retried(job)])).toEqual([])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'failed', retriesLeft: 0 })
    })

    it('at once put the job at the end of its queue', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'], { retry })
      const job = await claimOne(broker)
      await broker.jobUpdate({ jobId: 'a', executionId: job.executionId, progress: 0.5 })
      expect(await handIn(broker, [retried(job)])).toEqual([])
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'queued', attempts: 1, retriesLeft: 1 })
      for (const gone of ['startedAt', 'endedAt', 'executionId', 'progress', 'failure', 'expiresAt', 'dueAt']) {
        expect(record).not.toHaveProperty(gone)
      }
      const again = await claim(broker, { limit: 10 })
      expect(ids(again)).toEqual(['b', 'a'])
      expect(again[1]).toMatchObject({ attempt: 2, retriesLeft: 1 })
      expect(again[1]?.executionId).not.toBe(job.executionId)
    })

    it('at once and at the front put it before all that waits', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c'], { retry })
      await handIn(broker, [retried(await claimOne(broker), 0, true)])
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['a', 'b', 'c'])
    })

    it('can be claimed in the call that asks for them', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry })
      const outcome = retried(await claimOne(broker))
      expect(ids(await claim(broker, { outcomes: [outcome], limit: 1 }))).toEqual(['a'])
    })

    it('later are scheduled, and queued when they are due', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry })
      const before = Date.now()
      await handIn(broker, [retried(await claimOne(broker), 120)])
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'scheduled', retriesLeft: 1, attempts: 1 })
      expect(record?.dueAt).toBeGreaterThanOrEqual(before + 120)
      expect(record).not.toHaveProperty('enqueuedAt')
      expect(await broker.maintain({ maxAbandonments: 3 })).toMatchObject({ promoted: 0, nextDueAt: record?.dueAt })
      await eventually(async () => expect((await broker.maintain({ maxAbandonments: 3 })).promoted).toBe(1))
      expect(await claimOne(broker)).toMatchObject({ id: 'a', attempt: 2 })
    })

    it('later and at the front come to the front when they are due', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'], { retry })
      await handIn(broker, [retried(await claimOne(broker), 30, true)])
      await eventually(async () => expect((await broker.maintain({ maxAbandonments: 3 })).promoted).toBe(1))
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['a', 'b'])
    })

    it('wake a worker that waits, on time', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'], { retry })
      const job = await claimOne(broker)
      const waiting = (await reopen()).workWait({ queues: ['default'], timeoutMs: 20_000 })
      const dueAt = Date.now() + 100
      await handIn(broker, [retried(job, 100)])
      await waiting
      expect(Date.now()).toBeGreaterThanOrEqual(dueAt - 5)
      expect(ids(await claim(broker))).toEqual(['a'])
    })

    it('end when none is left: then the job fails', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 2, delaysMs: [] } })
      for (const left of [1, 0]) {
        await handIn(broker, [retried(await claimOne(broker))])
        expect(await broker.jobFetch('a')).toMatchObject({ state: 'queued', retriesLeft: left })
      }
      expect(await handIn(broker, [retried(await claimOne(broker))])).toEqual([])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'failed', retriesLeft: 0, attempts: 3 })
    })

    it('are refused to a job that was enqueued without: it fails', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await handIn(broker, [retried(await claimOne(broker))])
      expect(await stateOf(broker, 'a')).toBe('failed')
    })

    it('are refused like any other outcome where the lease is lost', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry })
      const job = await claimOne(broker)
      await handIn(broker, [failed(job)])
      expect(await handIn(broker, [retried(job)])).toEqual([job.executionId])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'failed', retriesLeft: 2 })
    })

    it('are as many as at first after a requeue', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry })
      await handIn(broker, [retried(await claimOne(broker))])
      await handIn(broker, [failed(await claimOne(broker))])
      await broker.jobRequeue('a')
      expect(await claimOne(broker)).toMatchObject({ attempt: 1, retriesLeft: 2 })
    })

    it('that wait for their time can be run at once', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry })
      await handIn(broker, [retried(await claimOne(broker), FAR_MS)])
      await broker.jobRequeue('a')
      expect(ids(await claim(broker))).toEqual(['a'])
    })
  })
}
