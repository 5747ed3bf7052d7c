import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { describeRq, PythonRq } from '../support/python-rq.ts'
import { ownRedis } from '../support/redis-server.ts'
import { workplace } from '../support/worker.ts'

describeRq('rq info', (version) => {
  it('shows each slot as a worker, and the queues', async () => {
    const server = await ownRedis()
    const place = await workplace('inline', server.url())
    const python = new PythonRq(server, version)
    const running = place.start({ queues: ['default', 'other'], concurrency: 3 })
    await place.enqueue('wait-for-abort')
    await place.enqueue('throw')
    await eventually(
      async () => {
        const lines = (await python.rq('info', '--raw')).split('\n')
        expect(lines.filter((line) => line.startsWith('worker ')).length).toBe(3)
        expect(lines.filter((line) => line.startsWith('worker ') && line.includes(' busy ')).length).toBe(1)
      },
      { timeoutMs: 20_000, intervalMs: 200 },
    )
    const text = await python.rq('info')
    expect(text).toMatch(/^default +\|.* 0/m)
    expect(text).toMatch(/^other +\|/m)
    expect(text).toContain('3 workers, 2 queues')
    expect(
      await python.run(`
        workers = sorted(Worker.all(connection=connection), key=lambda worker: worker.name)
        busy = [worker for worker in workers if worker.get_state() == 'busy']
        counts = queue()
        answer([
          [worker.name.rsplit('.', 1)[1] for worker in workers],
          sorted(workers[0].queue_names()),
          len(busy),
          sum(worker.failed_job_count for worker in workers),
          counts.started_job_registry.count,
          counts.failed_job_registry.count,
        ])
      `),
    ).toEqual([['1', '2', '3'], ['default', 'other'], 1, 1, 1, 1])
    running.supervisor.kill()
  })

  it('does not fail a running job whose lease is renewed', async () => {
    const server = await ownRedis()
    const place = await workplace('inline', server.url())
    const python = new PythonRq(server, version)
    const worker = place.start({ lease: '1s' })
    const id = await place.enqueue('sleep', [2500])
    await eventually(async () => expect((await place.broker.jobFetch(id))?.state).toBe('started'))
    const record = place.ended(id)
    await python.rq('info')
    expect(await record).toMatchObject({ state: 'finished', attempts: 1 })
    worker.supervisor.stop()
  })
})

describeRq('queues and jobs that Python made', (version) => {
  it('are listed', async () => {
    const server = await ownRedis()
    const place = await workplace('inline', server.url())
    const python = new PythonRq(server, version)
    const ids = await python.run<string[]>(`
      answer([queue('py').enqueue('tasks.add', n).id for n in range(3)] + [queue('later').enqueue_in(timedelta(hours=1), 'x').id])
    `)
    expect(await place.broker.queueList()).toMatchObject([
      { name: 'later', counts: { scheduled: 1, queued: 0 } },
      { name: 'py', counts: { queued: 3 } },
    ])
    const { jobs } = await place.broker.jobList({ limit: 10, queue: 'py' })
    expect(jobs.map(({ id }) => id)).toEqual(ids.slice(0, 3).reverse())
    expect(jobs[2]).toMatchObject({ name: 'tasks.add', args: '[0]', timeoutMs: 180_000, resultTtlMs: 500_000 })
  })
})
