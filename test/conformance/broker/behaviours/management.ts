import { describe, expect, it } from 'vitest'
import { JobNotFoundError, JobStateError } from '../../../../src/errors.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, ids } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

export function describeManagement(setup: Setup): void {
  describe('requeue', () => {
    it.each(['finished', 'failed'])('puts a %s job at the end of its queue, as new', async (how) => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { args: '[7]', meta: '{"m":1}' })
      const job = await claimOne(broker)
      await broker.jobUpdate({ jobId: 'a', executionId: job.executionId, progress: 0.5 })
      await handIn(broker, [how === 'finished' ? finished(job, '1') : failed(job)])
      await enqueue(broker, ['b', 'c'])
      await broker.jobRequeue('a')
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'queued', attempts: 0, abandonments: 0 })
      for (const gone of [
        'result',
        'failure',
        'bill',
        'progress',
        'startedAt',
        'endedAt',
        'expiresAt',
        'executionId',
      ]) {
        expect(record).not.toHaveProperty(gone)
      }
      const claimed = await claim(broker, { limit: 10 })
      expect(ids(claimed)).toEqual(['b', 'c', 'a'])
      expect(claimed[2]).toMatchObject({ attempt: 1, args: '[7]' })
      expect(claimed[2]?.executionId).not.toBe(job.executionId)
    })

    it('is refused while the job waits or runs', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await expect(broker.jobRequeue('a')).rejects.toThrow(JobStateError)
      await expect(broker.jobRequeue('a')).rejects.toMatchObject({ jobId: 'a', state: 'queued' })
      const job = await claimOne(broker)
      await expect(broker.jobRequeue('a')).rejects.toMatchObject({ jobId: 'a', state: 'started' })
      expect(await handIn(broker, [finished(job)])).toEqual([])
    })

    it('is refused for a job that is not there', async () => {
      const { broker } = await setup()
      await expect(broker.jobRequeue('nobody')).rejects.toThrow(JobNotFoundError)
    })
  })

  describe('delete', () => {
    it('forgets a job that waits', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      await broker.jobDelete('a')
      expect(await broker.jobFetch('a')).toBeUndefined()
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['b'])
    })

    it('forgets a job that has ended, and its id may be used again', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { args: '["old"]', meta: '{"old":1}' })
      await handIn(broker, [finished(await claimOne(broker), '"old"')])
      await broker.jobDelete('a')
      expect((await broker.jobList({ limit: 10 })).jobs).toEqual([])
      await enqueue(broker, ['a'], { args: '["new"]' })
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ args: '["new"]', state: 'queued' })
      expect(record).not.toHaveProperty('meta')
      expect(record).not.toHaveProperty('result')
    })

    it('is refused while the job runs', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      await expect(broker.jobDelete('a')).rejects.toThrow(JobStateError)
      expect(await handIn(broker, [finished(job)])).toEqual([])
    })

    it('is refused for a job that is not there', async () => {
      const { broker } = await setup()
      await expect(broker.jobDelete('nobody')).rejects.toThrow(JobNotFoundError)
    })
  })
}
