import { describe, expect, it } from 'vitest'
import type { Broker, WorkWaitParams } from '../../../../src/broker/broker.ts'
import { eventually } from '../../../support/eventually.ts'
import { claim, claimOne, enqueue, failed, handIn, ids, released } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

const PROMPT_MS = 1500
const LONG_MS = 20_000
const maxAbandonments = 3

/** Waits and claims as a worker does, since a wait may end for nothing; tells how long the job took to come. */
async function nextJob(broker: Broker, params: Partial<WorkWaitParams> = {}): Promise<{ id: string; ms: number }> {
  const queues = params.queues ?? ['default']
  const begin = performance.now()
  for (;;) {
    await broker.workWait({ timeoutMs: LONG_MS, ...params, queues })
    const [job] = await claim(broker, { queues, limit: 1 })
    const ms = performance.now() - begin
    if (job !== undefined) return { id: job.id, ms }
    if (ms > LONG_MS) throw new Error('no job came')
  }
}

export function describeWorkWait(setup: Setup): void {
  describe('wait for work', () => {
    it('is over at once where there is work', async () => {
      const { broker } = await setup()
      await enqueue(broker, ['a'], { queue: 'second' })
      expect((await nextJob(broker, { queues: ['first', 'second'] })).ms).toBeLessThan(PROMPT_MS)
    })

    it.each(['the same', 'another'])('ends when %s broker enqueues', async (which) => {
      const { broker, reopen } = await setup()
      const producer = which === 'another' ? await reopen() : broker
      const coming = nextJob(broker)
      setTimeout(() => void enqueue(producer, ['a']), 30)
      const { id, ms } = await coming
      expect(id).toBe('a')
      expect(ms).toBeLessThan(PROMPT_MS)
    })

    it('ends again and again', async () => {
      const { broker, reopen } = await setup()
      const producer = await reopen()
      for (let round = 0; round < 20; round++) {
        const coming = nextJob(broker)
        await enqueue(producer, [`job-${round}`])
        expect((await coming).id).toBe(`job-${round}`)
      }
    })

    it('wakes every waiting worker that has something to do', async () => {
      const { broker, reopen } = await setup()
      const workers = [broker, await reopen(), await reopen()]
      const coming = workers.map((worker) => nextJob(worker))
      await enqueue(broker, ['a', 'b', 'c'])
      const got = await Promise.all(coming)
      expect(ids(got).toSorted()).toEqual(['a', 'b', 'c'])
      for (const { ms } of got) expect(ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when a job is released', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      const job = await claimOne(broker)
      const coming = nextJob(await reopen())
      await handIn(broker, [released(job)])
      expect((await coming).ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when a job is requeued', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      await handIn(broker, [failed(await claimOne(broker))])
      const coming = nextJob(await reopen())
      await broker.jobRequeue('a')
      expect((await coming).ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when an abandoned job is taken back', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['a'])
      await claimOne(broker, { leaseMs: 40 })
      const coming = nextJob(await reopen())
      await eventually(async () => expect((await broker.maintain({ maxAbandonments })).reclaimed).toHaveLength(1))
      expect((await coming).ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when a paused queue is resumed', async () => {
      const { broker, reopen } = await setup()
      await broker.queuePause('default')
      await enqueue(broker, ['a'])
      const coming = nextJob(await reopen())
      await broker.queueResume('default')
      expect((await coming).ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when a scheduled job becomes due, also one scheduled meanwhile', async () => {
      const { broker, reopen } = await setup()
      await enqueue(broker, ['much-later'], { dueAt: Date.now() + 3_600_000 })
      const coming = nextJob(broker)
      const dueAt = Date.now() + 120
      await enqueue(await reopen(), ['soon'], { dueAt })
      expect((await coming).id).toBe('soon')
      const late = Date.now() - dueAt
      expect(late).toBeGreaterThanOrEqual(0)
      expect(late).toBeLessThan(PROMPT_MS)
    })

    it('ends when the time is over', async () => {
      const { broker } = await setup()
      const begin = performance.now()
      await broker.workWait({ queues: ['default'], timeoutMs: 80 })
      const ms = performance.now() - begin
      expect(ms).toBeGreaterThan(70)
      expect(ms).toBeLessThan(PROMPT_MS)
    })

    it('ends when the signal aborts, also one aborted before', async () => {
      const { broker } = await setup()
      const controller = new AbortController()
      const waiting = broker.workWait({ queues: ['default'], signal: controller.signal })
      setTimeout(() => controller.abort(), 20)
      await waiting
      await broker.workWait({ queues: ['default'], signal: AbortSignal.abort() })
    })

    it('ends when the broker is closed', async () => {
      const { broker } = await setup()
      const waiting = broker.workWait({ queues: ['default'] })
      await broker.close()
      await waiting
    })
  })
}
