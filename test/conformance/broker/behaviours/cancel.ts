import { describe, expect, it } from 'vitest'
import { JobNotFoundError, JobStateError } from '../../../../src/errors.ts'
import {
  canceled,
  claim,
  claimOne,
  enqueue,
  finished,
  handIn,
  ids,
  newJob,
  stateOf,
  stopped,
} from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

export function describeCancel(setup: Setup): void {
  describe('cancel', () => {
    it('takes a waiting job out of its queue, and keeps it as a failed one is kept', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'], { failureTtlMs: 700_000 })
      await broker.jobCancel('a')
      const record = await broker.jobFetch('a')
      expect(record?.state).toBe('canceled')
      expect(record?.expiresAt).toBe((record?.endedAt ?? 0) + 700_000)
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['b'])
    })

    it('takes a scheduled job off the clock', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { dueAt: Date.now() + 3_600_000 })
      await broker.jobCancel('a')
      expect(await stateOf(broker, 'a')).toBe('canceled')
      expect(await broker.maintain({ maxAbandonments: 3 })).not.toHaveProperty('nextDueAt')
    })

    it('ends the wait of a deferred job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await broker.jobEnqueue([newJob({ id: 'b', dependsOn: { jobIds: ['a'] } })])
      await broker.jobCancel('b')
      expect(await broker.jobDependents('a')).toEqual([])
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('canceled')
    })

    it('leaves those that wait for the job waiting', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await broker.jobEnqueue([newJob({ id: 'b', dependsOn: { jobIds: ['a'] } })])
      await broker.jobCancel('a')
      expect(await stateOf(broker, 'b')).toBe('deferred')
    })

    it('lets them go where that is wanted', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'other'])
      await broker.jobEnqueue([
        newJob({ id: 'b', dependsOn: { jobIds: ['a'] } }),
        newJob({ id: 'c', dependsOn: { jobIds: ['a', 'other'] } }),
      ])
      await broker.jobCancel('a', { enqueueDependents: true })
      expect(await stateOf(broker, 'b')).toBe('queued')
      expect(await stateOf(broker, 'c')).toBe('deferred')
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await stateOf(broker, 'c')).toBe('queued')
    })

    it('ends the wait for its result', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      const waiting = broker.jobWait('a', { timeoutMs: 20_000 })
      await (await reopen()).jobCancel('a')
      expect(await waiting).toMatchObject({ state: 'canceled' })
    })

    it('can be undone by a requeue', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await broker.jobCancel('a')
      await broker.jobRequeue('a')
      const record = await broker.jobFetch('a')
      expect(record?.state).toBe('queued')
      for (const gone of ['endedAt', 'expiresAt']) expect(record).not.toHaveProperty(gone)
      expect(ids(await claim(broker))).toEqual(['a'])
    })

    it('keeps nothing of a job whose failures are not kept', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { failureTtlMs: 0 })
      await broker.jobCancel('a')
      expect(await broker.jobFetch('a')).toBeUndefined()
    })

    it('is refused where the job runs, has ended or is not there', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      await expect(broker.jobCancel('a')).rejects.toMatchObject({ jobId: 'a', state: 'started' })
      expect(await handIn(broker, [finished(job)])).toEqual([])
      await expect(broker.jobCancel('a')).rejects.toThrow(JobStateError)
      await expect(broker.jobCancel('nobody')).rejects.toThrow(JobNotFoundError)
    })
  })

  describe('executions that were asked to end', () => {
    it('are stopped, with the reason kept', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { failureTtlMs: 700_000, retry: { max: 3, delaysMs: [] } })
      const bill = { wallMs: 5 }
      await handIn(broker, [{ ...stopped(await claimOne(broker)), bill }])
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'stopped', failure: { message: 'it was stopped' }, bill })
      expect(record?.expiresAt).toBe((record?.endedAt ?? 0) + 700_000)
      expect(await claim(broker)).toEqual([])
    })

    it('are canceled, without a reason', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 3, delaysMs: [] } })
      const waiting = broker.jobWait('a', { timeoutMs: 20_000 })
      await handIn(broker, [canceled(await claimOne(broker))])
      expect(await waiting).toMatchObject({ state: 'canceled' })
      expect(await broker.jobFetch('a')).not.toHaveProperty('failure')
    })

    it('are counted as what they are, and can be requeued', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
      await handIn(broker, [stopped(a), canceled(b)])
      expect((await broker.queueList())[0]?.counts).toMatchObject({ stopped: 1, canceled: 1, started: 0 })
      expect(ids((await broker.jobList({ limit: 10, state: 'stopped' })).jobs)).toEqual(['a'])
      for (const id of ['a', 'b']) await broker.jobRequeue(id)
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['a', 'b'])
    })
  })
}
