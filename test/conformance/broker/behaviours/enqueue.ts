import { describe, expect, it } from 'vitest'
import { DuplicateJobError, UsageError } from '../../../../src/errors.ts'
import type { NewJob } from '../../../../src/job/record.ts'
import { claim, enqueue, ids, newJob } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

export function describeEnqueue(setup: Setup): void {
  describe('enqueue', () => {
    it('stores a job as it was given', async () => {
      const { broker } = await setup()
      const createdAt = Date.now() - 5
      const before = Date.now()
      await broker.jobEnqueue([
        newJob({
          id: 'a',
          name: 'record_event',
          queue: 'events',
          args: '[1,"two"]',
          meta: '{"user":7}',
          createdAt,
          timeoutMs: 1234,
          resultTtlMs: 5678,
          failureTtlMs: -1,
        }),
      ])
      const job = await broker.jobFetch('a')
      expect(job).toMatchObject({
        id: 'a',
        name: 'record_event',
        queue: 'events',
        state: 'queued',
        createdAt,
        timeoutMs: 1234,
        resultTtlMs: 5678,
        failureTtlMs: -1,
        attempts: 0,
        abandonments: 0,
      })
      expect(JSON.parse(job?.args ?? '')).toEqual([1, 'two'])
      expect(JSON.parse(job?.meta ?? '')).toEqual({ user: 7 })
      expect(job?.enqueuedAt).toBeGreaterThanOrEqual(before)
      for (const absent of [
        'dueAt',
        'startedAt',
        'endedAt',
        'expiresAt',
        'worker',
        'result',
        'failure',
        'bill',
        'progress',
      ]) {
        expect(job).not.toHaveProperty(absent)
      }
    })

    it('hands back untouched what is not the business of a broker', async () => {
      const { broker } = await setup()
      const more = { isolation: 'inline', limits: { memoryBytes: 1_000_000, cpuMs: 50 } } as const
      await enqueue(broker, ['a'], more)
      expect(await broker.jobFetch('a')).toMatchObject(more)
      const [job] = await claim(broker)
      expect(job).toMatchObject(more)
    })

    it('knows nothing of a job that was never enqueued', async () => {
      const { broker } = await setup()
      expect(await broker.jobFetch('nobody')).toBeUndefined()
    })

    it('takes an empty batch', async () => {
      const { broker } = await setup()
      await broker.jobEnqueue([])
      expect((await broker.jobList({ limit: 10 })).jobs).toEqual([])
    })

    it('keeps the order of a batch, also where all times are the same', async () => {
      const { broker } = await setup()
      const order = Array.from({ length: 60 }, (_, index) => `job-${index}`)
      await enqueue(broker, order, { createdAt: 1 })
      expect(ids(await claim(broker, { limit: 100 }))).toEqual(order)
    })

    it('puts a job at the front, and a batch there in its order', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      await broker.jobEnqueue([
        newJob({ id: 'last' }),
        newJob({ id: 'x', atFront: true }),
        newJob({ id: 'y', atFront: true }),
      ])
      await enqueue(broker, ['first'], { atFront: true })
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['first', 'x', 'y', 'a', 'b', 'last'])
    })

    it('puts a job at the front of an empty queue', async () => {
      const { broker } = await setup()
      await broker.jobEnqueue([newJob({ id: 'a' }), newJob({ id: 'b', atFront: true })])
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['b', 'a'])
    })

    it('stores nothing of a batch in which an id exists already', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['taken'])
      const other = await reopen()
      const attempt = enqueue(other, ['new', 'taken', 'newer'])
      await expect(attempt).rejects.toThrow(DuplicateJobError)
      await expect(attempt).rejects.toMatchObject({ jobId: 'taken' })
      expect(ids((await broker.jobList({ limit: 10 })).jobs)).toEqual(['taken'])
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['taken'])
    })

    it('stores nothing of a batch that holds an id twice', async () => {
      const { broker } = await setup()
      const batch = [...Array.from({ length: 30 }, (_, index) => `job-${index}`), 'job-3']
      await expect(enqueue(broker, batch)).rejects.toMatchObject({ jobId: 'job-3' })
      expect((await broker.jobList({ limit: 10 })).jobs).toEqual([])
    })

    it('refuses an id that an ended job still has', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await claim(broker)
      await expect(enqueue(broker, ['a'])).rejects.toThrow(DuplicateJobError)
    })

    const mistakes: readonly [what: string, fields: Partial<NewJob>, message: RegExp][] = [
      ['an empty queue name', { queue: '' }, /queue name/],
      ['a comma in a queue name', { queue: 'a,b' }, /comma/],
      ['a blank in a queue name', { queue: 'a b' }, /blank/],
      ['a control character in a queue name', { queue: 'a\u0007' }, /control/],
      ['an endless queue name', { queue: 'q'.repeat(201) }, /201/],
      ['an empty id', { id: '' }, /job id/],
      ['an empty name', { name: '' }, /job name/],
      ['a time that is no number', { dueAt: Number.NaN }, /dueAt/],
      ['a negative time to live', { resultTtlMs: -2 }, /resultTtlMs/],
      ['fewer retries than none', { retry: { max: -1, delaysMs: [] } }, /retry\.max/],
      ['a negative delay of a retry', { retry: { max: 1, delaysMs: [-1] } }, /retry\.delaysMs/],
      ['half a repeat', { repeat: { times: 0.5, delaysMs: [] } }, /repeat\.times/],
      ['an empty group name', { group: '' }, /group/],
    ]
    it.each(mistakes)('refuses %s', async (_, fields, message) => {
      const { broker } = await setup()
      const attempt = broker.jobEnqueue([newJob(), newJob(fields)])
      await expect(attempt).rejects.toThrow(UsageError)
      await expect(attempt).rejects.toThrow(message)
      expect((await broker.jobList({ limit: 10 })).jobs).toEqual([])
    })
  })
}
