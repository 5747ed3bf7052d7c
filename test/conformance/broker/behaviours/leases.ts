import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Broker } from '../../../../src/broker/broker.ts'
import { UsageError } from '../../../../src/errors.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, ids, released, WORKER } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const SHORT_MS = 60

/** Maintains until `count` jobs were taken back. */
async function reclaim(broker: Broker, count: number, maxAbandonments = 3): Promise<string[]> {
  const reclaimed: string[] = []
  await eventually(async () => {
    const done = await broker.maintain({ maxAbandonments })
    reclaimed.push(...done.reclaimed.map(({ jobId }) => jobId))
    expect(reclaimed.length).toBeGreaterThanOrEqual(count)
  })
  return reclaimed
}

async function sleepPast(time: number): Promise<void> {
  await eventually(() => expect(Date.now()).toBeGreaterThan(time))
}

const registration = {
  name: WORKER,
  hostname: 'here',
  pid: 1,
  queues: ['default'],
  concurrency: 1,
  isolation: 'inline',
  version: '1.0.0',
  startedAt: 0,
  ttlMs: 60_000,
}

export function describeLeases(setup: Setup): void {
  describe('leases', () => {
    it('leaves a job alone while its lease runs', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await claimOne(broker, { leaseMs: 60_000 })
      expect(await broker.maintain({ maxAbandonments: 3 })).toMatchObject({ reclaimed: [], poisoned: [] })
      expect((await broker.jobFetch('a'))?.state).toBe('started')
    })

    it('queues the job again when its lease ran out, the attempt counted', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      await claimOne(broker, { leaseMs: SHORT_MS })
      const other = await reopen()
      await eventually(async () => {
        const { reclaimed } = await other.maintain({ maxAbandonments: 3 })
        expect(reclaimed).toEqual([{ jobId: 'a', worker: WORKER }])
      })
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'queued', attempts: 1, abandonments: 1 })
      expect(await claimOne(broker)).toMatchObject({ id: 'a', attempt: 2, abandonments: 1 })
    })

    it('says of no other job that it was abandoned', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      expect(await claimOne(broker)).not.toHaveProperty('abandonments')
    })

    it.each([
      ['forward', 3_600_000],
      ['back', -3_600_000],
    ])('neither end nor last longer where the time of day is set %s by an hour', async (_direction, jumpMs) => {
      const { broker, reopen } = await setup()
      onTestFinished(() => void vi.useRealTimers())
      await enqueue(broker, ['a', 'b'])
      await claimOne(broker, { leaseMs: 60_000 })
      await claimOne(broker, { leaseMs: SHORT_MS, worker: 'worker-2' })
      await broker.workerRegister(registration)
      vi.setSystemTime(Date.now() + jumpMs)
      expect(await reclaim(await reopen(), 1)).toEqual(['b'])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'started' })
      expect(await broker.workerList()).toHaveLength(1)
      // What a lease is renewed by is the same clock.
      const [b] = await claim(broker, { leaseMs: SHORT_MS })
      expect(b?.id).toBe('b')
      vi.useRealTimers()
      expect(await reclaim(broker, 1)).toEqual(['b'])
    })

    it('puts jobs taken back at the front, in their order', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b', 'c', 'd', 'e'])
      await claim(broker, { limit: 1, leaseMs: SHORT_MS + 20 })
      await claim(broker, { limit: 2, leaseMs: SHORT_MS })
      await sleepPast(Date.now() + SHORT_MS + 30)
      await reclaim(broker, 3)
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['a', 'b', 'c', 'd', 'e'])
    })

    it('keeps a job whose lease is renewed', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      const [a, b] = (await claim(broker, { limit: 2, leaseMs: SHORT_MS })) as [never, never]
      const execution = ({ id, executionId }: { id: string; executionId: string }) => ({ jobId: id, executionId })
      expect(await broker.leaseRenew({ worker: WORKER, executions: [execution(a)], leaseMs: 60_000 })).toEqual([])
      expect(await reclaim(broker, 1)).toEqual(['b'])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'started' })
      const lost = await broker.leaseRenew({
        worker: WORKER,
        executions: [execution(a), execution(b)],
        leaseMs: 60_000,
      })
      expect(lost).toEqual([(b as { executionId: string }).executionId])
    })

    it('renews a lease that ran out while nobody took the job back', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const { executionId } = await claimOne(broker, { leaseMs: SHORT_MS })
      await sleepPast(Date.now() + SHORT_MS)
      const executions = [{ jobId: 'a', executionId }]
      expect(await broker.leaseRenew({ worker: WORKER, executions, leaseMs: 60_000 })).toEqual([])
      expect((await broker.maintain({ maxAbandonments: 3 })).reclaimed).toEqual([])
    })

    it('renews nothing for another worker, an unknown execution or an ended one', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      const executions = [{ jobId: 'a', executionId: job.executionId }]
      expect(await broker.leaseRenew({ worker: 'worker-2', executions, leaseMs: 1000 })).toEqual([job.executionId])
      const unknown = [{ jobId: 'a', executionId: 'made-up' }]
      expect(await broker.leaseRenew({ worker: WORKER, executions: unknown, leaseMs: 1000 })).toEqual(['made-up'])
      await handIn(broker, [finished(job)])
      expect(await broker.leaseRenew({ worker: WORKER, executions, leaseMs: 1000 })).toEqual([job.executionId])
      expect(await broker.leaseRenew({ worker: WORKER, executions: [], leaseMs: 1000 })).toEqual([])
    })

    it('takes a late end where nobody took the job back', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker, { leaseMs: SHORT_MS })
      await sleepPast(Date.now() + SHORT_MS)
      expect(await handIn(broker, [finished(job, '1')])).toEqual([])
      expect((await broker.jobFetch('a'))?.state).toBe('finished')
    })

    it('refuses a late end of a job that was taken back, and of one that runs again', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const late = await claimOne(broker, { leaseMs: SHORT_MS })
      await reclaim(broker, 1)
      expect(await handIn(broker, [finished(late)])).toEqual([late.executionId])
      expect((await broker.jobFetch('a'))?.state).toBe('queued')
      // The same worker, so that only the execution id tells the two runs apart.
      const second = await claimOne(broker)
      for (const outcome of [finished(late), failed(late), released(late)]) {
        expect(await handIn(broker, [outcome])).toEqual([late.executionId])
      }
      expect(await broker.jobUpdate({ jobId: 'a', executionId: late.executionId, progress: 1 })).toBe(false)
      expect(await handIn(broker, [finished(second, '"second"')])).toEqual([])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'finished', result: '"second"', attempts: 2 })
    })

    it('fails a job that outlived too many of its workers', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['killer'], { name: 'leaks_memory' })
      for (let death = 1; death <= 3; death++) {
        await claimOne(broker, { leaseMs: SHORT_MS, worker: `worker-${death}` })
        await reclaim(broker, 1, 3)
        expect(await broker.jobFetch('killer')).toMatchObject({ state: 'queued', abandonments: death })
      }
      await claimOne(broker, { leaseMs: SHORT_MS, worker: 'worker-4' })
      await eventually(async () => {
        const { poisoned } = await broker.maintain({ maxAbandonments: 3 })
        expect(poisoned).toEqual([{ jobId: 'killer', worker: 'worker-4' }])
      })
      const record = await broker.jobFetch('killer')
      expect(record).toMatchObject({ state: 'failed', abandonments: 4, attempts: 4 })
      expect(record?.failure).toMatchObject({ kind: 'abandoned', name: 'AbandonedError' })
      for (const word of ['killer', 'leaks_memory', 'worker-4', '4 times', 'probably kills its worker']) {
        expect(record?.failure?.message).toContain(word)
      }
      expect(record?.expiresAt).toBe((record?.endedAt ?? 0) + 500_000)
      expect(await claim(broker)).toEqual([])
    })

    it('takes each job back once, however many maintain at the same time', async () => {
      const { broker, reopen } = await setup()
      const order = Array.from({ length: 40 }, (_, index) => `job-${index}`)
      await enqueue(broker, order)
      await claim(broker, { limit: 40, leaseMs: SHORT_MS })
      await sleepPast(Date.now() + SHORT_MS)
      const brokers = [broker, await reopen(), await reopen(), await reopen()]
      const done = await Promise.all(brokers.map((each) => each.maintain({ maxAbandonments: 3 })))
      expect(done.flatMap(({ reclaimed }) => reclaimed)).toHaveLength(40)
      const again = await claim(broker, { limit: 100 })
      expect(ids(again)).toEqual(order)
      expect(new Set(again.map(({ attempt }) => attempt))).toEqual(new Set([2]))
    })

    it('refuses to renew for no time', async () => {
      const { broker } = await setup()
      await expect(broker.leaseRenew({ worker: WORKER, executions: [], leaseMs: 0 })).rejects.toThrow(UsageError)
    })
  })
}
