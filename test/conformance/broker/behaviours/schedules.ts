import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../../src/broker/broker.ts'
import type { ScheduleDefinition } from '../../../../src/broker/schedule.ts'
import { UsageError } from '../../../../src/errors.ts'
import { claim, claimOne, finished, handIn, ids, newJob } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

function definition(name: string, more: Partial<ScheduleDefinition> = {}): ScheduleDefinition {
  return { name, hash: 'h1', spec: '{"everyMs":1000}', job: '{"name":"tick"}', nextAt: 1000, ...more }
}

function sync(broker: Broker, definitions: readonly ScheduleDefinition[], owner = 'app') {
  return broker.scheduleSync({ owner, definitions })
}

export function describeSchedules(setup: Setup): void {
  describe('schedules', () => {
    it('are none at first', async () => {
      const { broker } = await setup()
      expect(await broker.scheduleList()).toEqual([])
    })

    it('are added, changed and removed as their definitions are', async () => {
      const { broker, reopen } = await setup()
      const first = [definition('kept'), definition('changed'), definition('removed')]
      expect(await sync(broker, first)).toEqual({ added: ['changed', 'kept', 'removed'], changed: [], removed: [] })
      expect(await broker.scheduleList()).toEqual(
        [definition('changed'), definition('kept'), definition('removed')].map((each) => ({ ...each, owner: 'app' })),
      )
      const other = await reopen()
      const changed = definition('changed', { hash: 'h2', spec: '{"everyMs":5}', job: '{}', nextAt: 77 })
      const second = [definition('kept', { nextAt: 5000 }), changed, definition('added')]
      expect(await sync(other, second)).toEqual({ added: ['added'], changed: ['changed'], removed: ['removed'] })
      // One that has not changed keeps its next time, whatever its definition would begin with now.
      expect(await broker.scheduleList()).toEqual(
        [definition('added'), changed, definition('kept')].map((each) => ({ ...each, owner: 'app' })),
      )
      expect(await sync(other, second)).toEqual({ added: [], changed: [], removed: [] })
    })

    it('of other owners stay', async () => {
      const { broker } = await setup()
      await sync(broker, [definition('a')], 'one')
      await sync(broker, [definition('b')], 'two')
      expect(await sync(broker, [], 'two')).toEqual({ added: [], changed: [], removed: ['b'] })
      expect((await broker.scheduleList()).map(({ name }) => name)).toEqual(['a'])
    })

    it('cannot be taken from another owner', async () => {
      const { broker } = await setup()
      await sync(broker, [definition('a')], 'one')
      const attempt = sync(broker, [definition('b'), definition('a', { hash: 'h2' })], 'two')
      await expect(attempt).rejects.toThrow(UsageError)
      await expect(attempt).rejects.toThrow(/'a' belongs to 'one'/)
      expect(await broker.scheduleList()).toEqual([{ ...definition('a'), owner: 'one' }])
    })

    it('enqueue a job and move on, in one step', async () => {
      const { broker } = await setup()
      await sync(broker, [definition('a')])
      const job = newJob({ id: 'tick-1', args: '[1]' })
      expect(await broker.scheduleFire({ name: 'a', hash: 'h1', expectedAt: 1000, nextAt: 2000, job })).toBe(true)
      expect(await broker.scheduleList()).toMatchObject([
        { name: 'a', nextAt: 2000, lastAt: 1000, lastJobId: 'tick-1' },
      ])
      expect(await claimOne(broker)).toMatchObject({ id: 'tick-1', args: '[1]' })
    })

    it('wake a worker that waits', async () => {
      const { broker, reopen } = await setup()
      await sync(broker, [definition('a')])
      const waiting = (await reopen()).workWait({ queues: ['default'], timeoutMs: 20_000 })
      const begin = performance.now()
      await broker.scheduleFire({ name: 'a', hash: 'h1', expectedAt: 1000, nextAt: 2000, job: newJob() })
      await waiting
      expect(performance.now() - begin).toBeLessThan(5000)
    })

    it('fire once for each tick, however many try', async () => {
      const { broker, reopen } = await setup()
      await sync(broker, [definition('a')])
      const brokers = [broker, await reopen(), await reopen()]
      for (let at = 1000; at < 6000; at += 1000) {
        const attempts = Array.from({ length: 12 }, (_, index) =>
          (brokers[index % 3] as Broker).scheduleFire({
            name: 'a',
            hash: 'h1',
            expectedAt: at,
            nextAt: at + 1000,
            job: newJob({ id: `tick-${at}-${index}` }),
          }),
        )
        expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1)
      }
      expect(await claim(broker, { limit: 100 })).toHaveLength(5)
    })

    it('do not fire for a definition that has changed, or is gone', async () => {
      const { broker } = await setup()
      await sync(broker, [definition('a')])
      const fire = (hash: string) =>
        broker.scheduleFire({ name: 'a', hash, expectedAt: 1000, nextAt: 2000, job: newJob({ id: `by-${hash}` }) })
      await sync(broker, [definition('a', { hash: 'h2' })])
      expect(await fire('h1')).toBe(false)
      expect(await broker.scheduleDelete('a')).toBe(true)
      expect(await broker.scheduleDelete('a')).toBe(false)
      expect(await fire('h2')).toBe(false)
      expect(await claim(broker)).toEqual([])
      expect(await broker.scheduleList()).toEqual([])
    })

    it('can pass over a tick', async () => {
      const { broker } = await setup()
      await sync(broker, [definition('a')])
      expect(await broker.scheduleFire({ name: 'a', hash: 'h1', expectedAt: 1000, nextAt: 9000 })).toBe(true)
      expect(await broker.scheduleList()).toMatchObject([{ nextAt: 9000, lastAt: 1000 }])
      expect(await claim(broker)).toEqual([])
    })

    it('do not enqueue a unique job whose predecessor has not ended', async () => {
      const { broker } = await setup()
      await sync(broker, [definition('a')])
      const fire = (at: number) =>
        broker.scheduleFire({
          name: 'a',
          hash: 'h1',
          expectedAt: at,
          nextAt: at + 1000,
          job: newJob({ id: 'only', unique: true, args: `[${at}]` }),
        })
      expect(await fire(1000)).toBe(true)
      expect(await fire(2000)).toBe(true)
      const job = await claimOne(broker)
      expect(job.args).toBe('[1000]')
      expect(await claim(broker)).toEqual([])
      await handIn(broker, [finished(job)])
      expect(await fire(3000)).toBe(true)
      expect(ids(await claim(broker, { limit: 5 }))).toEqual(['only'])
    })

    it('refuse a job that is none', async () => {
      const { broker } = await setup()
      await sync(broker, [definition('a')])
      const job = newJob({ queue: '' })
      await expect(broker.scheduleFire({ name: 'a', hash: 'h1', expectedAt: 1000, nextAt: 2000, job })).rejects.toThrow(
        UsageError,
      )
      await expect(sync(broker, [definition('')])).rejects.toThrow(UsageError)
      await expect(sync(broker, [definition('b', { nextAt: Number.NaN })])).rejects.toThrow(UsageError)
    })
  })
}
