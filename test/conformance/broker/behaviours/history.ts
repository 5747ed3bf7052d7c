import { describe, expect, it } from 'vitest'
import {
  claimOne,
  enqueue,
  failed,
  finished,
  handIn,
  released,
  retried,
  stopped,
  WORKER,
} from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

export function describeHistory(setup: Setup): void {
  describe('the history of a job', () => {
    it('tells how its executions ended, newest first', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 1, delaysMs: [] } })
      const before = Date.now()
      const first = await claimOne(broker)
      await handIn(broker, [retried(first)])
      const second = await claimOne(broker, { worker: 'worker-2' })
      await handIn(broker, [finished(second, '"yes"')], 'worker-2')
      const results = await (await reopen()).jobResults('a')
      expect(results).toEqual([
        {
          type: 'finished',
          at: expect.any(Number),
          executionId: second.executionId,
          worker: 'worker-2',
          result: '"yes"',
        },
        {
          type: 'retried',
          at: expect.any(Number),
          executionId: first.executionId,
          worker: WORKER,
          failure: expect.objectContaining({ message: 'it broke' }),
        },
      ])
      for (const { at } of results) expect(at).toBeGreaterThanOrEqual(before)
    })

    it('keeps what each of them has cost', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 1, delaysMs: [] } })
      await handIn(broker, [{ ...retried(await claimOne(broker)), bill: { wallMs: 1 } }])
      await handIn(broker, [{ ...finished(await claimOne(broker), '1'), bill: { wallMs: 2 } }])
      await broker.jobRequeue('a')
      await handIn(broker, [{ ...failed(await claimOne(broker)), bill: { wallMs: 3, forkMs: 0.5 } }])
      const bills = (await (await reopen()).jobResults('a')).map(({ bill }) => bill)
      expect(bills).toEqual([{ wallMs: 3, forkMs: 0.5 }, { wallMs: 2 }, { wallMs: 1 }])
    })

    it('goes on after a requeue', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      await handIn(broker, [failed(await claimOne(broker))])
      await broker.jobRequeue('a')
      expect((await broker.jobResults('a')).map(({ type }) => type)).toEqual(['failed'])
      await handIn(broker, [stopped(await claimOne(broker))])
      expect((await broker.jobResults('a')).map(({ type }) => type)).toEqual(['stopped', 'failed'])
    })

    it('holds nothing of executions that were put back', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      expect(await broker.jobResults('a')).toEqual([])
      await handIn(broker, [released(await claimOne(broker))])
      expect(await broker.jobResults('a')).toEqual([])
    })

    it('holds the last ten', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 20, delaysMs: [] } })
      const executions: string[] = []
      for (let attempt = 0; attempt < 14; attempt++) {
        const job = await claimOne(broker)
        executions.unshift(job.executionId)
        await handIn(broker, [attempt === 13 ? failed(job) : retried(job)])
      }
      const kept = (await broker.jobResults('a')).map(({ executionId }) => executionId)
      expect(kept).toEqual(executions.slice(0, 10))
    })

    it('is gone with the job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { retry: { max: 1, delaysMs: [] } })
      await handIn(broker, [retried(await claimOne(broker))])
      await broker.jobDelete('a')
      expect(await broker.jobResults('a')).toEqual([])
      await enqueue(broker, ['a'])
      expect(await broker.jobResults('a')).toEqual([])
    })
  })
}
