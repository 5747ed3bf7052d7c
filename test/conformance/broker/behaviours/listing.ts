import { describe, expect, it } from 'vitest'
import type { Broker, JobListParams } from '../../../../src/broker/broker.ts'
import { UsageError } from '../../../../src/errors.ts'
import type { JobState } from '../../../../src/job/states.ts'
import { claim, enqueue, failed, finished, handIn, ids } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

async function list(broker: Broker, params: Partial<JobListParams> = {}): Promise<string[]> {
  return ids((await broker.jobList({ limit: 100, ...params })).jobs)
}

export function describeListing(setup: Setup): void {
  describe('job list', () => {
    it('is newest first', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'], { createdAt: 1000 })
      await enqueue(broker, ['c'], { createdAt: 2000 })
      expect((await list(broker)).at(0)).toBe('c')
      expect((await list(broker)).toSorted()).toEqual(['a', 'b', 'c'])
    })

    it('holds whole records', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { args: '["x"]', meta: '{"m":1}' })
      const [job] = (await broker.jobList({ limit: 1 })).jobs
      expect(job).toEqual(await broker.jobFetch('a'))
    })

    it('comes in pages, each job once', async () => {
      const { broker } = await setup()
      for (let index = 0; index < 10; index++) await enqueue(broker, [`job-${index}`], { createdAt: 1000 + index })
      const seen: string[] = []
      let cursor: string | undefined
      let pages = 0
      do {
        const page = await broker.jobList({ limit: 4, ...(cursor === undefined ? {} : { cursor }) })
        seen.push(...ids(page.jobs))
        cursor = page.cursor
        pages++
      } while (cursor !== undefined)
      expect(pages).toBe(3)
      expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => `job-${9 - index}`))
    })

    it('has no cursor on a page that is the last and full', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'])
      expect(await broker.jobList({ limit: 2 })).not.toHaveProperty('cursor')
    })

    it('shifts nothing while jobs come and go', async () => {
      const { broker } = await setup()
      for (let index = 0; index < 8; index++) await enqueue(broker, [`job-${index}`], { createdAt: 1000 + index })
      const first = await broker.jobList({ limit: 3 })
      expect(ids(first.jobs)).toEqual(['job-7', 'job-6', 'job-5'])
      await enqueue(broker, ['newcomer'], { createdAt: 5000 })
      await broker.jobDelete('job-5')
      await broker.jobDelete('job-4')
      const second = await broker.jobList({ limit: 3, cursor: first.cursor as string })
      expect(ids(second.jobs)).toEqual(['job-3', 'job-2', 'job-1'])
      const third = await broker.jobList({ limit: 3, cursor: second.cursor as string })
      expect(ids(third.jobs)).toEqual(['job-0'])
    })

    it('filters by state, queue and name, alone and together', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['mail-done', 'mail-broken', 'mail-running', 'mail-waiting'], {
        queue: 'mail',
        name: 'send',
      })
      await enqueue(broker, ['clean'], { queue: 'mail', name: 'clean' })
      await enqueue(broker, ['other-waiting'], { queue: 'other', name: 'send' })
      await enqueue(broker, ['other-later'], { queue: 'other', name: 'send', dueAt: Date.now() + 3_600_000 })
      const [done, broken] = (await claim(broker, { queues: ['mail'], limit: 3 })) as [never, never, never]
      await handIn(broker, [finished(done), failed(broken)])
      const byState: Partial<Record<JobState, string[]>> = {
        queued: ['clean', 'mail-waiting', 'other-waiting'],
        started: ['mail-running'],
        finished: ['mail-done'],
        failed: ['mail-broken'],
        scheduled: ['other-later'],
        deferred: [],
        stopped: [],
        canceled: [],
      }
      for (const [state, expected] of Object.entries(byState)) {
        expect((await list(broker, { state: state as JobState })).toSorted(), state).toEqual(expected)
      }
      expect((await list(broker, { queue: 'other' })).toSorted()).toEqual(['other-later', 'other-waiting'])
      expect(await list(broker, { name: 'clean' })).toEqual(['clean'])
      expect(await list(broker, { state: 'queued', queue: 'mail', name: 'send' })).toEqual(['mail-waiting'])
      expect(await list(broker, { state: 'failed', queue: 'other' })).toEqual([])
      expect(await list(broker, { queue: 'nobody' })).toEqual([])
    })

    it('pages through a filter', async () => {
      const { broker } = await setup()
      for (let index = 0; index < 6; index++) {
        await enqueue(broker, [`job-${index}`], { createdAt: 1000 + index, queue: index % 2 === 0 ? 'even' : 'odd' })
      }
      const first = await broker.jobList({ limit: 2, state: 'queued', queue: 'odd' })
      expect(ids(first.jobs)).toEqual(['job-5', 'job-3'])
      const second = await broker.jobList({ limit: 2, state: 'queued', queue: 'odd', cursor: first.cursor as string })
      expect(ids(second.jobs)).toEqual(['job-1'])
      expect(second).not.toHaveProperty('cursor')
    })

    it.each([
      ['a page of none', { limit: 0 }],
      ['a page too long', { limit: 1001 }],
      ['half a job', { limit: 1.5 }],
      ['a cursor of its own making', { cursor: 'page-2' }],
      ['a state that is none', { state: 'finnished' as JobState }],
      ['a queue that cannot be', { queue: 'a,b' }],
    ])('refuses %s', async (_, params) => {
      const { broker } = await setup()
      await expect(broker.jobList({ limit: 10, ...params })).rejects.toThrow(UsageError)
    })
  })
}
