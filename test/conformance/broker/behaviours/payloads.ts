import { describe, expect, it } from 'vitest'
import { claimOne, enqueue, failed, finished, handIn, newJob } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const MEGABYTE = 1024 * 1024
const UNICODE = 'naïve 日本語 🐎👩‍👩‍👧 \u202eright to left\u202c "quotes" \\ back / slash \u0000 nul \u2028 line'

export function describePayloads(setup: Setup): void {
  describe('payloads', () => {
    it('of 5 MB pass both ways', async () => {
      const { broker, reopen } = await setup()
      const text = 'é'.repeat((5 * MEGABYTE) / 2)
      await broker.jobEnqueue([newJob({ id: 'a', args: JSON.stringify([text]) }), newJob({ id: 'b' })])
      const job = await claimOne(await reopen())
      expect(JSON.parse(job.args)[0] === text).toBe(true)
      await handIn(broker, [finished(job, JSON.stringify({ text }))])
      const record = await broker.jobFetch('a')
      expect(JSON.parse(record?.result ?? '').text === text).toBe(true)
      expect(JSON.parse(record?.args ?? '')[0] === text).toBe(true)
    })

    it('of 5 MB may be many in a batch', async () => {
      const { broker } = await setup()
      const args = JSON.stringify(['x'.repeat(5 * MEGABYTE)])
      await enqueue(broker, ['a', 'b', 'c'], { args })
      expect((await claimOne(broker)).args.length).toBe(args.length)
    })

    it('may be a failure of any length', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'])
      const stack = 'at somewhere\n'.repeat(100_000)
      await handIn(broker, [failed(await claimOne(broker), { stack, message: UNICODE })])
      const record = await broker.jobFetch('a')
      expect(record?.failure?.stack === stack).toBe(true)
      expect(record?.failure?.message).toBe(UNICODE)
    })

    it('keep every character', async () => {
      const { broker } = await setup()
      const values = [UNICODE, 'lone \ud800 surrogate', '', '[]', "it''s", '%s ? :x @y $z']
      await enqueue(broker, ['a'], { args: JSON.stringify(values), meta: JSON.stringify({ [UNICODE]: UNICODE }) })
      const job = await claimOne(broker)
      expect(JSON.parse(job.args)).toEqual(values)
      expect(JSON.parse(job.meta ?? '')).toEqual({ [UNICODE]: UNICODE })
      await handIn(broker, [finished(job, JSON.stringify(values))])
      expect(JSON.parse((await broker.jobFetch('a'))?.result ?? '')).toEqual(values)
    })

    it('keep their numbers', async () => {
      const { broker } = await setup()
      const values = [0, -0.5, 1e21, Number.MAX_SAFE_INTEGER, 5e-324, true, null]
      await enqueue(broker, ['a'], { args: JSON.stringify(values) })
      expect(JSON.parse((await claimOne(broker)).args)).toEqual(values)
    })

    it('may have ids, names and queues in any script', async () => {
      const { broker } = await setup()
      await broker.jobEnqueue([newJob({ id: 'job:日本/🐎', name: 'mañana.работа', queue: 'очередь-1:α' })])
      const job = await claimOne(broker, { queues: ['очередь-1:α'] })
      expect(job).toMatchObject({ id: 'job:日本/🐎', name: 'mañana.работа', queue: 'очередь-1:α' })
      await handIn(broker, [finished(job)])
      expect(await broker.jobFetch('job:日本/🐎')).toMatchObject({ state: 'finished' })
    })
  })
}
