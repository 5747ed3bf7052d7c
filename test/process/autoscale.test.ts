import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs, forkIsolation } from '../support/fork-isolation.ts'
import { ownRedis } from '../support/redis-server.ts'
import { runner } from '../support/run-job.ts'
import { workplace } from '../support/worker.ts'

const modules = [fixtureJobs('limits.mjs')]

describe('a worker with a range of slots', () => {
  it('takes as many jobs at a time as wait, and logs one line for each change', { timeout: 60_000 }, async () => {
    const place = await workplace('inline')
    for (let i = 0; i < 6; i++) await place.enqueue('wait-for-abort')
    const worker = place.start({ modules, concurrency: { min: 1, max: 4 } })
    const most: number[] = []
    worker.supervisor.on('started', () => most.push(worker.supervisor.running.length))
    await eventually(() => expect(worker.supervisor.running).toHaveLength(4), { timeoutMs: 30_000 })
    expect(await place.broker.workerList()).toMatchObject([{ concurrency: 4 }])
    const changes = place.log.map((line) => JSON.parse(line)).filter(({ event }) => event === 'slots.changed')
    expect(changes.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [2, 4],
    ])
    expect(changes[0].msg).toMatch(/^slots 1 → 2: 5 jobs wait, the first for .* m?s$/)
    // Those that run are put back: nobody needs to wait for them.
    worker.supervisor.kill()
    expect(Math.max(...most)).toBeLessThanOrEqual(4)
  })

  it("is as many workers in RQ's eyes as it has slots, each within call", { timeout: 60_000 }, async () => {
    const server = await ownRedis()
    const place = await workplace('inline', server.url())
    const client = new Redis({ path: server.socket })
    onTestFinished(() => client.disconnect())
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.push(await place.enqueue('wait-for-abort'))
    const worker = place.start({ modules, concurrency: { min: 1, max: 3 }, lease: '1s' })
    await eventually(() => expect(worker.supervisor.running).toHaveLength(3), { timeoutMs: 30_000 })
    const slots = (await client.smembers('rq:workers')).sort()
    expect(slots).toEqual([1, 2, 3].map((slot) => `rq:worker:${worker.name}.${slot}`))
    expect((await client.smembers('rq:workers:default')).sort()).toEqual(slots)
    for (const slot of slots) expect(await client.hget(slot, 'state')).toBe('busy')
    // As `rq` would stop what the new slot runs.
    const jobId = await client.hget(slots[2] as string, 'current_job')
    const command = { command: 'stop-job', job_id: jobId }
    await client.publish(`rq:pubsub:${worker.name}.3`, JSON.stringify(command))
    expect(await place.broker.jobWait(jobId as string, { timeoutMs: 30_000 })).toMatchObject({ state: 'stopped' })
    for (const id of ids) {
      await eventually(
        async () => {
          await place.broker.commandSend({ worker: worker.name, command: { type: 'stop-job', jobId: id } })
          expect(['stopped', 'canceled']).toContain((await place.broker.jobFetch(id))?.state)
        },
        { timeoutMs: 30_000 },
      )
    }
  })
})

describe('horses that stand by of their own accord', () => {
  it('are no more than slots, and follow their number', { timeout: 60_000 }, async () => {
    const { isolation } = forkIsolation(modules, { standby: 'auto', slots: 1 })
    onTestFinished(() => isolation.close())
    await isolation.start()
    expect(await isolation.standbyPids()).toHaveLength(1)
    isolation.resize(4)
    expect(await isolation.standbyPids()).toHaveLength(1)
    const run = runner(isolation)
    // More than stand by: the others are forked for them.
    const together = Array.from({ length: 6 }, () => run('hold', [1]))
    for (const { end } of await Promise.all(together)) expect(end.type).toBe('finished')
    expect(await isolation.standbyPids()).toHaveLength(4)
  })
})
