import { describe, expect, it } from 'vitest'
import type { JobFailure } from '../../../../src/job/failure.ts'
import type { Bill, ClaimedJob } from '../../../../src/job/record.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, ids, released, WORKER } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const bill: Bill = { wallMs: 12.5, forkMs: 0.75 }

export function describeOutcomes(setup: Setup): void {
  describe('outcomes', () => {
    it('keeps the result and the bill of a finished job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { resultTtlMs: 500_000 })
      const job = await claimOne(broker)
      expect(await handIn(broker, [{ ...finished(job, '{"n":1}'), bill }])).toEqual([])
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'finished', bill, attempts: 1, worker: WORKER })
      expect(JSON.parse(record?.result ?? '')).toEqual({ n: 1 })
      expect(record).not.toHaveProperty('failure')
      expect(record?.endedAt).toBeGreaterThanOrEqual(record?.startedAt ?? Number.POSITIVE_INFINITY)
      expect(record?.expiresAt).toBe((record?.endedAt ?? 0) + 500_000)
    })

    it('keeps the failure and the bill of a failed job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { failureTtlMs: 700_000 })
      const failure: JobFailure = {
        kind: 'signal',
        name: 'HorseDiedError',
        message: 'killed',
        stack: 'at x\nat y',
        code: 'E1',
        cause: { name: 'TypeError', message: 'inner' },
        signal: 'SIGKILL',
        stderrTail: 'last words',
      }
      await handIn(broker, [{ ...failed(await claimOne(broker), failure), bill }])
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'failed', bill, attempts: 1 })
      expect(record?.failure).toEqual(failure)
      expect(record).not.toHaveProperty('result')
      expect(record?.expiresAt).toBe((record?.endedAt ?? 0) + 700_000)
    })

    it('takes outcomes of all kinds in one call', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c', 'd'])
      const [a, b, c] = (await claim(broker, { limit: 3 })) as [never, never, never]
      expect(await handIn(broker, [failed(b), released(c), finished(a)])).toEqual([])
      expect((await broker.jobFetch('a'))?.state).toBe('finished')
      expect((await broker.jobFetch('b'))?.state).toBe('failed')
      expect((await broker.jobFetch('c'))?.state).toBe('queued')
    })

    it('puts released jobs back to the front in their order, without counting the attempt', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c', 'd'])
      const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
      await handIn(broker, [released(b), released(a)])
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'queued', attempts: 0, abandonments: 0 })
      expect(record).not.toHaveProperty('startedAt')
      const again = await claim(broker, { limit: 10 })
      expect(ids(again)).toEqual(['a', 'b', 'c', 'd'])
      expect(again[0]?.attempt).toBe(1)
    })

    it('puts a released job before one that was enqueued at the front meanwhile', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      await enqueue(broker, ['front'], { atFront: true })
      await handIn(broker, [released(job)])
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['a', 'front'])
    })

    it('can claim a job again in the call that releases it', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      const { claimed } = await broker.jobExchange({
        worker: WORKER,
        outcomes: [released(job)],
        queues: ['default'],
        limit: 1,
        leaseMs: 60_000,
      })
      expect(ids(claimed)).toEqual(['a'])
      expect(claimed[0]?.executionId).not.toBe(job.executionId)
      expect(await handIn(broker, [finished(job)])).toEqual([job.executionId])
    })

    it('refuses the second end of an execution', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      await handIn(broker, [finished(job, '1')])
      for (const outcome of [finished(job, '2'), failed(job), released(job)]) {
        expect(await handIn(broker, [outcome])).toEqual([job.executionId])
      }
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'finished', result: '1' })
    })

    it('takes the first of two ends of an execution that come in one call', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      const [a, b] = (await claim(broker, { limit: 2 })) as [ClaimedJob, ClaimedJob]
      const refused = await handIn(broker, [finished(a, '1'), failed(a), released(b), finished(b, '2')])
      expect(refused).toEqual([a.executionId, b.executionId])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'finished', result: '1' })
      expect(await broker.jobFetch('b')).toMatchObject({ state: 'queued', attempts: 0 })
    })

    it('forgets the progress of an execution that did not end the job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      await broker.jobUpdate({ jobId: 'a', executionId: job.executionId, progress: 0.9 })
      await handIn(broker, [released(job)])
      expect(await broker.jobFetch('a')).not.toHaveProperty('progress')
    })

    it('refuses an end by another worker, or with another execution id', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      expect(await handIn(broker, [finished(job)], 'worker-2')).toEqual([job.executionId])
      expect(await handIn(broker, [{ ...finished(job), executionId: 'made-up' }])).toEqual(['made-up'])
      expect(await handIn(broker, [{ ...finished(job), jobId: 'nobody' }])).toEqual([job.executionId])
      expect((await broker.jobFetch('a'))?.state).toBe('started')
    })

    it('applies the other outcomes of a call in which one is refused', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
      const refused = await handIn(broker, [{ ...finished(a), executionId: 'made-up' }, finished(b)])
      expect(refused).toEqual(['made-up'])
      expect((await broker.jobFetch('b'))?.state).toBe('finished')
      expect((await broker.jobFetch('a'))?.state).toBe('started')
    })

    it('stores what a running job says of its progress and its meta', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'], { meta: '{"old":true}' })
      const { executionId } = await claimOne(broker)
      expect(await broker.jobUpdate({ jobId: 'a', executionId, progress: 0.25 })).toBe(true)
      expect(await broker.jobUpdate({ jobId: 'a', executionId, meta: '{"new":1}' })).toBe(true)
      const record = await (await reopen()).jobFetch('a')
      expect(record?.progress).toBe(0.25)
      expect(JSON.parse(record?.meta ?? '')).toEqual({ new: 1 })
    })

    it('stores nothing of an execution that is over', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      expect(await broker.jobUpdate({ jobId: 'a', executionId: 'made-up', progress: 1 })).toBe(false)
      expect(await broker.jobUpdate({ jobId: 'nobody', executionId: job.executionId, progress: 1 })).toBe(false)
      await handIn(broker, [finished(job)])
      expect(await broker.jobUpdate({ jobId: 'a', executionId: job.executionId, meta: '{"late":1}' })).toBe(false)
      expect(await broker.jobFetch('a')).not.toHaveProperty('meta')
    })

    it('shows all of it to a broker opened later', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['done', 'broken', 'released', 'running', 'waiting'])
      const [done, broken, back] = (await claim(broker, { limit: 4 })) as [never, never, never, never]
      await handIn(broker, [{ ...finished(done, '"yes"'), bill }, failed(broken), released(back)])
      const before = (await broker.jobList({ limit: 10 })).jobs
      await broker.close()
      const later = await reopen()
      expect((await later.jobList({ limit: 10 })).jobs).toEqual(before)
      expect(ids(await claim(later, { limit: 10 }))).toEqual(['released', 'waiting'])
    })
  })
}
