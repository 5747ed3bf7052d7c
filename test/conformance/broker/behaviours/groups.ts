import { describe, expect, it } from 'vitest'
import { eventually } from '../../../support/eventually.ts'
import { claimOne, enqueue, finished, handIn, newJob } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

export function describeGroups(setup: Setup): void {
  describe('groups', () => {
    it('list their jobs, from any queue and in any state', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a', 'b'], { group: 'import' })
      await enqueue(broker, ['c'], { group: 'import', queue: 'other' })
      await enqueue(broker, ['d'], { group: 'export' })
      await enqueue(broker, ['e'])
      await handIn(broker, [finished(await claimOne(broker))])
      const other = await reopen()
      expect((await other.groupFetch('import')).toSorted()).toEqual(['a', 'b', 'c'])
      expect(await other.groupFetch('export')).toEqual(['d'])
      expect(await other.groupFetch('nobody')).toEqual([])
      expect(await other.groupList()).toEqual(['export', 'import'])
      expect(await broker.jobFetch('a')).toMatchObject({ group: 'import' })
    })

    it('hand their name to whoever runs the job', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { group: 'import' })
      expect(await claimOne(broker)).toMatchObject({ group: 'import' })
    })

    it('lose the jobs that are deleted, and are gone with the last', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a', 'b'], { group: 'import' })
      await broker.jobDelete('a')
      expect(await broker.groupFetch('import')).toEqual(['b'])
      await broker.jobDelete('b')
      expect(await broker.groupFetch('import')).toEqual([])
      expect(await broker.groupList()).toEqual([])
    })

    it('lose the jobs that are kept no longer', async () => {
      const { broker } = await setup()
      await broker.jobEnqueue([
        newJob({ id: 'at-once', group: 'import', resultTtlMs: 0 }),
        newJob({ id: 'soon', group: 'import', resultTtlMs: 20 }),
      ])
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await broker.groupFetch('import')).toEqual(['soon'])
      await handIn(broker, [finished(await claimOne(broker))])
      await eventually(async () => {
        await broker.maintain({ maxAbandonments: 3 })
        expect(await broker.groupFetch('import')).toEqual([])
      })
    })

    it('can be forgotten without their jobs', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { group: 'import' })
      await broker.groupDelete('import')
      await broker.groupDelete('nobody')
      expect(await broker.groupList()).toEqual([])
      expect(await broker.groupFetch('import')).toEqual([])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'queued' })
    })
  })
}
