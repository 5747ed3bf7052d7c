import { expect, it } from 'vitest'
import type { Broker } from '../../src/broker/index.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { claimOne, newJob } from '../support/jobs.ts'
import { describeRq, PythonRq } from '../support/python-rq.ts'
import { ownRedis } from '../support/redis-server.ts'
import { workplace } from '../support/worker.ts'

const JSON_WORKER = ['--serializer', 'rq.serializers.JSONSerializer']
const LONG = { timeoutMs: 25_000 }

/** Resolves when a Python worker of this name waits for work. */
async function untilIdle(broker: Broker, name: string): Promise<void> {
  const workers = async () => (await broker.workerList()).filter((one) => one.name === name)
  await eventually(async () => expect(await workers()).toMatchObject([{ state: 'idle' }]), LONG)
}

describeRq('workers of both kinds on one queue', (version) => {
  // RQ 1.x does not understand how 2.x marks running jobs, and loses them.
  it.runIf(version.major >= 2)('run each job once, whoever enqueued it', async () => {
    const server = await ownRedis()
    const place = await workplace('inline', server.url())
    const python = new PythonRq(server, version)
    python.startWorker(...JSON_WORKER, '--name', 'snake', 'default')
    await untilIdle(place.broker, 'snake')
    await place.broker.jobEnqueue(
      Array.from({ length: 12 }, (_, n) => newJob({ id: `ours-${n}`, name: 'tasks.sleep', args: '[0.15]' })),
    )
    const theirs = await python.run<string[]>(`
      answer([job.id for job in queue().enqueue_many([Queue.prepare_data('tasks.add', (n, 1)) for n in range(12)])])
    `)
    place.start({ modules: [fixtureJobs('tasks.mjs')], concurrency: 1 })
    const records = await Promise.all(
      [...theirs, ...Array.from({ length: 12 }, (_, n) => `ours-${n}`)].map((id) => place.broker.jobWait(id, LONG)),
    )
    expect(records.map((record) => record?.state)).toEqual(Array.from({ length: 24 }, () => 'finished'))
    expect(records.slice(0, 12).map((record) => record?.result)).toEqual(
      Array.from({ length: 12 }, (_, n) => String(n + 1)),
    )
    for (const record of records) expect(await place.broker.jobResults(record?.id ?? '')).toHaveLength(1)
    const workers = new Set(records.map((record) => record?.worker))
    expect(workers.size).toBe(2)
    expect(workers).toContain('snake')
    // Nothing is left of either side's executions.
    expect((await place.broker.queueList())[0]?.counts).toMatchObject({ queued: 0, started: 0, finished: 24 })
    expect(await python.run(`answer([key.decode() for key in connection.keys('rq:execution*')])`)).toEqual([])
  })

  it.runIf(version.major >= 2)('see to the jobs that the other has left behind', async () => {
    const server = await ownRedis()
    const place = await workplace('inline', server.url())
    const python = new PythonRq(server, version)
    await place.broker.jobEnqueue([newJob({ id: 'a', name: 'tasks.add', args: '[1, 1]' })])
    const dead = await claimOne(place.broker, { leaseMs: 1 })
    // RQ counts leases in whole seconds, and a worker looks once, when it starts: this one must be over by then.
    const over = Date.now() + 2000
    await eventually(() => expect(Date.now()).toBeGreaterThan(over))
    // A Python worker fails what it finds abandoned, as it does with its own.
    const snake = python.startWorker(...JSON_WORKER, '--name', 'snake', 'default')
    expect(await place.broker.jobWait('a', LONG)).toMatchObject({ state: 'failed', failure: expect.anything() })
    const late = await place.broker.jobExchange({
      worker: 'worker-1',
      outcomes: [{ type: 'finished', jobId: 'a', executionId: dead.executionId, result: '2' }],
      queues: [],
      limit: 0,
      leaseMs: 1000,
    })
    expect(late.refused).toEqual([dead.executionId])
    snake.kill('SIGTERM')
  })
})
