import { describe, expect, it } from 'vitest'
import type { WorkerRegistration } from '../../../../src/broker/broker.ts'
import { UsageError } from '../../../../src/errors.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, finished, handIn, ids } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

function registration(fields: Partial<WorkerRegistration> = {}): WorkerRegistration {
  return {
    name: 'worker-1',
    hostname: 'host.example',
    pid: 4711,
    queues: ['high', 'low'],
    concurrency: 4,
    isolation: 'fork',
    version: '0.1.0',
    startedAt: Date.now(),
    ttlMs: 60_000,
    ...fields,
  }
}

export function describeWorkers(setup: Setup): void {
  describe('workers', () => {
    it('are listed as registered', async () => {
      const { broker, reopen } = await setup()
      const { ttlMs: _, ...given } = registration()
      const before = Date.now()
      await broker.workerRegister(registration(given))
      const [worker, ...more] = await (await reopen()).workerList()
      expect(more).toEqual([])
      expect(worker).toMatchObject({ ...given, state: 'starting', finished: 0, failed: 0, running: [] })
      expect(worker?.heartbeatAt).toBeGreaterThanOrEqual(before)
    })

    it('tell their state and their counts by heartbeats', async () => {
      const { broker } = await setup()
      await broker.workerRegister(registration())
      const beat = { name: 'worker-1', state: 'busy', finished: 7, failed: 2, ttlMs: 60_000 } as const
      expect(await broker.workerHeartbeat(beat)).toBe(true)
      expect(await broker.workerList()).toMatchObject([{ name: 'worker-1', state: 'busy', finished: 7, failed: 2 }])
    })

    it('may have more or fewer slots, and run on what they run', async () => {
      const { broker, reopen } = await setup()
      await broker.workerRegister(registration({ concurrency: 1 }))
      await enqueue(broker, ['a', 'b', 'c', 'd'], { queue: 'high' })
      const take = (limit: number) => claim(broker, { queues: ['high'], limit })
      const [a] = (await take(1)) as [never]
      await broker.workerResize(registration({ concurrency: 3 }))
      const [b, c] = (await take(2)) as [never, never]
      const [list] = await (await reopen()).workerList()
      expect(list).toMatchObject({ concurrency: 3, running: expect.arrayContaining(['a', 'b', 'c']) })
      await broker.workerResize(registration({ concurrency: 1 }))
      expect(await broker.workerList()).toMatchObject([{ concurrency: 1, running: expect.arrayContaining(['b', 'c']) }])
      expect(await handIn(broker, [finished(a), finished(b), finished(c)])).toEqual([])
      const beat = { name: 'worker-1', state: 'idle', finished: 3, failed: 0, ttlMs: 60_000 } as const
      expect(await broker.workerHeartbeat(beat)).toBe(true)
      expect(ids(await take(1))).toEqual(['d'])
      await broker.workerUnregister('worker-1')
      await broker.workerResize(registration())
      expect(await broker.workerList()).toEqual([])
    })

    it('show the jobs that they run', async () => {
      const { broker } = await setup()
      await broker.workerRegister(registration({ name: 'worker-1' }))
      await broker.workerRegister(registration({ name: 'worker-2' }))
      await enqueue(broker, ['a', 'b', 'c'])
      const [a] = (await claim(broker, { worker: 'worker-1', limit: 2 })) as [never, never]
      await claimOne(broker, { worker: 'worker-2' })
      const running = async () => {
        const list = await broker.workerList()
        return Object.fromEntries(list.map((worker) => [worker.name, worker.running.toSorted()]))
      }
      expect(await running()).toEqual({ 'worker-1': ['a', 'b'], 'worker-2': ['c'] })
      await handIn(broker, [finished(a)], 'worker-1')
      expect(await running()).toEqual({ 'worker-1': ['b'], 'worker-2': ['c'] })
    })

    it('are gone when not heard of in time', async () => {
      const { broker } = await setup()
      await broker.workerRegister(registration({ name: 'short', ttlMs: 60 }))
      await broker.workerRegister(registration({ name: 'long' }))
      await eventually(async () => {
        expect((await broker.workerList()).map(({ name }) => name)).toEqual(['long'])
      })
      await broker.maintain({ maxAbandonments: 3 })
      expect((await broker.workerList()).map(({ name }) => name)).toEqual(['long'])
    })

    it('live on by heartbeats', async () => {
      const { broker } = await setup()
      await broker.workerRegister(registration({ ttlMs: 60 }))
      await broker.workerHeartbeat({ name: 'worker-1', state: 'idle', finished: 0, failed: 0, ttlMs: 60_000 })
      const later = Date.now() + 80
      await eventually(() => expect(Date.now()).toBeGreaterThan(later))
      await broker.maintain({ maxAbandonments: 3 })
      expect(await broker.workerList()).toHaveLength(1)
    })

    it('learn by their heartbeat that they were forgotten', async () => {
      const { broker } = await setup()
      const beat = { name: 'worker-1', state: 'idle', finished: 0, failed: 0, ttlMs: 60_000 } as const
      expect(await broker.workerHeartbeat(beat)).toBe(false)
      await broker.workerRegister(registration())
      await broker.workerUnregister('worker-1')
      expect(await broker.workerHeartbeat(beat)).toBe(false)
      expect(await broker.workerList()).toEqual([])
    })

    it('may leave twice, and come back', async () => {
      const { broker } = await setup()
      await broker.workerRegister(registration())
      await broker.workerUnregister('worker-1')
      await broker.workerUnregister('worker-1')
      await broker.workerRegister(registration({ pid: 1 }))
      await broker.workerRegister(registration({ pid: 2 }))
      expect(await broker.workerList()).toMatchObject([{ name: 'worker-1', pid: 2 }])
    })

    it('keep their jobs when they leave without a word about them', async () => {
      const { broker } = await setup()
      await broker.workerRegister(registration())
      await enqueue(broker, ['a'])
      await claimOne(broker)
      await broker.workerUnregister('worker-1')
      expect(ids((await broker.jobList({ limit: 10, state: 'started' })).jobs)).toEqual(['a'])
    })

    it('refuse queue names that cannot be', async () => {
      const { broker } = await setup()
      await expect(broker.workerRegister(registration({ queues: ['a b'] }))).rejects.toThrow(UsageError)
    })
  })
}
