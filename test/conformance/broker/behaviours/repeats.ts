import { describe, expect, it } from 'vitest'
import type { ExecutionOutcome } from '../../../../src/broker/broker.ts'
import type { ClaimedJob } from '../../../../src/job/record.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, ids, newJob, stateOf } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const repeat = { times: 2, delaysMs: [10] }

function repeated(job: ClaimedJob, result: string, delayMs = 0): ExecutionOutcome {
  return { ...finished(job, result), repeat: { delayMs } } as ExecutionOutcome
}

export function describeRepeats(setup: Setup): void {
  describe('repeats', () => {
    it('run the job as often again as it says, and end it with the last', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { repeat })
      for (const left of [2, 1]) {
        const job = await claimOne(broker)
        expect(job).toMatchObject({ repeat, repeatsLeft: left })
        expect(await handIn(broker, [repeated(job, `${left}`)])).toEqual([])
        expect(await broker.jobFetch('a')).toMatchObject({ state: 'queued', repeatsLeft: left - 1 })
      }
      // Whoever asks for one more than there is gets none.
      await handIn(broker, [repeated(await claimOne(broker), '0')])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'finished', result: '0', repeatsLeft: 0 })
      expect((await broker.jobResults('a')).map(({ result }) => result)).toEqual(['0', '1', '2'])
    })

    it('wait for their time', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { repeat })
      await handIn(broker, [repeated(await claimOne(broker), '1', 40)])
      expect(await stateOf(broker, 'a')).toBe('scheduled')
      await eventually(async () => expect((await broker.maintain({ maxAbandonments: 3 })).promoted).toBe(1))
      expect(ids(await claim(broker))).toEqual(['a'])
    })

    it('end when the job fails', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { repeat })
      await handIn(broker, [failed(await claimOne(broker))])
      expect(await stateOf(broker, 'a')).toBe('failed')
    })

    it('let those that wait for the job wait for the last of them', async () => {
      const { broker } = await setup()
      await broker.jobEnqueue([newJob({ id: 'a', repeat: { times: 1, delaysMs: [] } })])
      await broker.jobEnqueue([newJob({ id: 'b', dependsOn: { jobIds: ['a'] } })])
      await handIn(broker, [repeated(await claimOne(broker), '1')])
      expect(await stateOf(broker, 'b')).toBe('deferred')
      await handIn(broker, [finished(await claimOne(broker), '2')])
      expect(await stateOf(broker, 'b')).toBe('queued')
    })
  })
}
