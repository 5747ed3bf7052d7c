import { describe, expect, it } from 'vitest'
import type { ExecutionOutcome } from '../../../../src/broker/broker.ts'
import { UsageError } from '../../../../src/errors.ts'
import type { JobCallback } from '../../../../src/job/policies.ts'
import type { NewJob } from '../../../../src/job/record.ts'
import { eventually } from '../../../support/eventually.ts'
import {
  claim,
  claimOne,
  enqueue,
  failed,
  finished,
  handIn,
  ids,
  newJob,
  stateOf,
  stopped,
} from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

function withJobs(outcome: ExecutionOutcome, ...jobs: NewJob[]): ExecutionOutcome {
  return { ...outcome, enqueue: jobs } as ExecutionOutcome
}

function callback(name: string): JobCallback {
  return { name, timeoutMs: 5000, resultTtlMs: 0, failureTtlMs: -1 }
}

export function describeOutbox(setup: Setup): void {
  describe('jobs that an outcome brings', () => {
    it("keep the names of a job's callbacks for whoever runs it", async () => {
      const { broker } = await setup()
      const callbacks = { success: callback('cheer'), failure: { ...callback('cry'), queue: 'q' } }
      await enqueue(broker, ['a'], { callbacks })
      expect(await broker.jobFetch('a')).toMatchObject({ callbacks })
      expect(await claimOne(broker)).toMatchObject({ callbacks })
    })

    it.each(Object.entries({ finished, failed, stopped }))(
      'are stored in the step that has %s it',
      async (_, outcome) => {
        const { broker } = await setup()
        await enqueue(broker, ['a'])
        const more = [newJob({ id: 'b', args: '[1]' }), newJob({ id: 'c', queue: 'other', group: 'g' })]
        const job = await claimOne(broker)
        expect(ids(await claim(broker, { outcomes: [withJobs(outcome(job), ...more)], limit: 5 }))).toEqual(['b'])
        expect(await broker.jobFetch('b')).toMatchObject({ args: '[1]' })
        expect(await broker.groupFetch('g')).toEqual(['c'])
      },
    )

    it('wake a worker that waits for them', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      const waiting = (await reopen()).workWait({ queues: ['other'], timeoutMs: 20_000 })
      const begin = performance.now()
      await handIn(broker, [withJobs(finished(job), newJob({ id: 'b', queue: 'other' }))])
      await waiting
      expect(performance.now() - begin).toBeLessThan(5000)
    })

    it('are not stored where the outcome is refused', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker, { leaseMs: 20 })
      await eventually(async () => {
        expect((await broker.maintain({ maxAbandonments: 3 })).reclaimed).toHaveLength(1)
      })
      expect(await handIn(broker, [withJobs(finished(job), newJob({ id: 'b' }))])).toEqual([job.executionId])
      expect(await broker.jobFetch('b')).toBeUndefined()
    })

    it('are left out where their id exists, and hold up nothing', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      const job = await claimOne(broker)
      const more = [newJob({ id: 'b', args: '["other"]' }), newJob({ id: 'c' }), newJob({ id: 'c' })]
      expect(await handIn(broker, [withJobs(finished(job), ...more)])).toEqual([])
      expect(await stateOf(broker, 'a')).toBe('finished')
      expect(await broker.jobFetch('b')).toMatchObject({ args: '[]' })
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['b', 'c'])
    })

    it('may wait for the job that brings them, or for a time', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const more = [
        newJob({ id: 'after', dependsOn: { jobIds: ['a'] } }),
        newJob({ id: 'later', dueAt: Date.now() + 3_600_000 }),
      ]
      await handIn(broker, [withJobs(finished(await claimOne(broker)), ...more)])
      expect(await stateOf(broker, 'after')).toBe('queued')
      expect(await stateOf(broker, 'later')).toBe('scheduled')
    })

    it('must be jobs', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const outcome = withJobs(finished(await claimOne(broker)), newJob({ queue: '' }))
      await expect(handIn(broker, [outcome])).rejects.toThrow(UsageError)
      expect(await stateOf(broker, 'a')).toBe('started')
    })
  })

  describe('a job that killed its workers', () => {
    it('is handed out whole where it has a failure callback, kept or not', async () => {
      const { broker } = await setup()
      const callbacks = { failure: callback('cry') }
      await broker.jobEnqueue([
        newJob({ id: 'kept', callbacks, args: '[7]' }),
        newJob({ id: 'not-kept', callbacks, failureTtlMs: 0 }),
      ])
      await claim(broker, { limit: 2, leaseMs: 20 })
      const poisoned: unknown[] = []
      await eventually(async () => {
        poisoned.push(...(await broker.maintain({ maxAbandonments: 0 })).poisoned)
        expect(poisoned).toHaveLength(2)
      })
      const record = { id: 'kept', state: 'failed', args: '[7]', callbacks, failure: { kind: 'abandoned' } }
      expect(poisoned).toContainEqual(
        expect.objectContaining({ jobId: 'kept', record: expect.objectContaining({ id: 'kept' }) }),
      )
      expect(poisoned.find((job) => (job as { jobId: string }).jobId === 'kept')).toMatchObject({ record })
      expect(poisoned.find((job) => (job as { jobId: string }).jobId === 'not-kept')).toMatchObject({
        record: { id: 'not-kept', failure: { kind: 'abandoned' } },
      })
    })
  })
}
