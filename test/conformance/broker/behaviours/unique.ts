import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../../src/broker/broker.ts'
import { DuplicateJobError } from '../../../../src/errors.ts'
import {
  claim,
  claimOne,
  enqueue,
  failed,
  finished,
  handIn,
  ids,
  newJob,
  retried,
  stateOf,
} from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const unique = { unique: true, retry: { max: 1, delaysMs: [] } }

async function enqueueUnique(broker: Broker, id: string, args = '[]'): Promise<readonly string[]> {
  const { duplicates } = await broker.jobEnqueue([newJob({ ...unique, id, args })])
  return duplicates
}

export function describeUnique(setup: Setup): void {
  describe('unique jobs', () => {
    it('are stored once while they wait, run, or wait for a retry', async () => {
      const { broker, reopen } = await setup()
      const other = await reopen()
      expect(await enqueueUnique(broker, 'a', '["first"]')).toEqual([])
      expect(await enqueueUnique(other, 'a', '["second"]')).toEqual(['a'])
      const job = await claimOne(broker)
      expect(await enqueueUnique(other, 'a')).toEqual(['a'])
      await handIn(broker, [retried(job, 3_600_000)])
      expect(await enqueueUnique(other, 'a')).toEqual(['a'])
      expect(await broker.jobFetch('a')).toMatchObject({ state: 'scheduled', args: '["first"]' })
    })

    it.each(['finished', 'failed'])('replace one that has %s', async (how) => {
      const { broker } = await setup()
      await broker.jobEnqueue([newJob({ ...unique, id: 'a', meta: '{"old":1}', group: 'g' })])
      const job = await claimOne(broker)
      await handIn(broker, [how === 'finished' ? finished(job, '"old"') : failed(job)])
      expect(await enqueueUnique(broker, 'a', '["new"]')).toEqual([])
      const record = await broker.jobFetch('a')
      expect(record).toMatchObject({ state: 'queued', args: '["new"]', attempts: 0 })
      for (const gone of ['meta', 'result', 'failure', 'group', 'endedAt']) expect(record).not.toHaveProperty(gone)
      expect(await broker.jobResults('a')).toEqual([])
      expect(await broker.groupList()).toEqual([])
      expect((await broker.jobList({ limit: 10 })).jobs).toHaveLength(1)
    })

    it('do not keep the others of their batch out', async () => {
      const { broker } = await setup()
      await enqueueUnique(broker, 'b')
      const { duplicates } = await broker.jobEnqueue([
        newJob({ id: 'a' }),
        newJob({ ...unique, id: 'b' }),
        newJob({ ...unique, id: 'c' }),
        newJob({ ...unique, id: 'c' }),
      ])
      expect(duplicates).toEqual(['b', 'c'])
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['b', 'a', 'c'])
    })

    it('are as strange to an ordinary job as any other of that id', async () => {
      const { broker } = await setup()
      await enqueueUnique(broker, 'a')
      await expect(enqueue(broker, ['a'])).rejects.toThrow(DuplicateJobError)
      expect(await enqueueUnique(broker, 'a')).toEqual(['a'])
    })

    it('are stored once, however many enqueue at the same time', async () => {
      const { broker, reopen } = await setup()
      const brokers = [broker, await reopen(), await reopen()]
      const attempts = Array.from({ length: 30 }, (_, index) => enqueueUnique(brokers[index % 3] as Broker, 'a'))
      const stored = (await Promise.all(attempts)).filter((duplicates) => duplicates.length === 0)
      expect(stored).toHaveLength(1)
      expect(ids(await claim(broker, { limit: 10 }))).toEqual(['a'])
    })

    it('that replace a failed one let go those that waited for it', async () => {
      const { broker } = await setup()
      await enqueueUnique(broker, 'a')
      await broker.jobEnqueue([newJob({ id: 'b', dependsOn: { jobIds: ['a'] } })])
      await handIn(broker, [failed(await claimOne(broker))])
      await enqueueUnique(broker, 'a')
      await handIn(broker, [finished(await claimOne(broker))])
      expect(await stateOf(broker, 'b')).toBe('queued')
    })
  })
}
