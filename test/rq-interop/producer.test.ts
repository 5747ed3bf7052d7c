import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { describeRq, PythonRq, type RqVersion } from '../support/python-rq.ts'
import { ownRedis } from '../support/redis-server.ts'
import { type Workplace, workplace } from '../support/worker.ts'

/** Python's queue and our worker on one server. */
async function together(
  version: RqVersion,
  isolation: 'inline' | 'fork' = 'inline',
): Promise<{ place: Workplace; python: PythonRq }> {
  const server = await ownRedis()
  return { place: await workplace(isolation, server.url()), python: new PythonRq(server, version) }
}

/** A zygote has to boot. */
const LONG = { timeoutMs: 25_000 }

describeRq('a Python producer', (version) => {
  it.each([
    ['JSON', 'JSONSerializer'],
    ['pickle', 'DefaultSerializer'],
  ])('has its jobs run and reads their results, by %s', async (_, serializer) => {
    const { place, python } = await together(version)
    const id = await python.run<string>(`
      job = queue(serializer=${serializer}).enqueue('echo', {'text': 'naïve 🐎', 'list': [1, 2.5, None, True], 'big': 2**40})
      answer(job.id)
    `)
    place.start()
    const record = await place.ended(id)
    expect(record).toMatchObject({ name: 'echo', state: 'finished' })
    expect(JSON.parse(record.args)).toEqual([{ text: 'naïve 🐎', list: [1, 2.5, null, true], big: 2 ** 40 }])
    const seen = await python.run(`
      job = fetch('${id}', ${serializer})
      answer([job.get_status(), job.result, job.ended_at > job.started_at >= job.enqueued_at])
    `)
    expect(seen).toEqual(['finished', { text: 'naïve 🐎', list: [1, 2.5, null, true], big: 2 ** 40 }, true])
  })

  it('passes keyword arguments, which come last', async () => {
    const { place, python } = await together(version)
    const ids = await python.run<string[]>(`
      answer([
        queue().enqueue('arguments', 1, b=2, c='x').id,
        queue(serializer=DefaultSerializer).enqueue('arguments', 1, b=(2, 3)).id,
        queue().enqueue('arguments').id,
      ])
    `)
    place.start()
    const records = await Promise.all(ids.map((id) => place.ended(id)))
    expect(records.map(({ result }) => JSON.parse(result ?? ''))).toEqual([
      [1, { b: 2, c: 'x' }],
      [1, { b: [2, 3] }],
      [],
    ])
  })

  it('reads why a job failed, as it reads a traceback', async () => {
    const { place, python } = await together(version)
    const id = await python.run<string>(`answer(queue().enqueue('throw').id)`)
    place.start()
    expect((await place.ended(id)).state).toBe('failed')
    const [status, text, type, inRegistry] = await python.run<[string, string, string, boolean]>(`
      job = fetch('${id}')
      result = job.latest_result()
      answer([job.get_status(), job.exc_info, result.type.name, job in queue().failed_job_registry])
    `)
    expect([status, type, inRegistry]).toEqual(['failed', 'FAILED', true])
    expect(text).toContain('TypeError: it does not fit')
    expect(text).toContain('too large')
  })

  it('is told what to do about a pickle that could run code', async () => {
    const { place, python } = await together(version)
    const id = await python.run<string>(`
      answer(queue(serializer=DefaultSerializer).enqueue('echo', datetime(2026, 1, 1)).id)
    `)
    place.start()
    expect(await place.ended(id)).toMatchObject({ state: 'failed', failure: { kind: 'unreadable-payload' } })
    const text = await python.run<string>(`answer(fetch('${id}', DefaultSerializer).exc_info)`)
    expect(text).toMatch(/datetime\.datetime.*JSONSerializer/s)
  })

  it('has retries as it asked for them', async () => {
    const { place, python } = await together(version)
    const id = await python.run<string>(`answer(queue().enqueue('throw', retry=Retry(max=2, interval=[0, 1])).id)`)
    place.start()
    expect(await place.ended(id)).toMatchObject({ state: 'failed', attempts: 3, retriesLeft: 0 })
    expect((await place.broker.jobResults(id)).map(({ type }) => type)).toEqual(['failed', 'retried', 'retried'])
  })

  it('has its scheduled jobs started on time, without a scheduler of its own', async () => {
    const { place, python } = await together(version)
    place.start()
    const [id, due] = await python.run<[string, number]>(`
      job = queue().enqueue_in(timedelta(seconds=1), 'add', 2, 3)
      answer([job.id, queue().scheduled_job_registry.get_scheduled_time(job).timestamp()])
    `)
    const record = await place.ended(id)
    expect(record).toMatchObject({ state: 'finished', result: '5' })
    expect(record.startedAt).toBeGreaterThanOrEqual(due * 1000 - 1)
  })

  it('has dependencies kept', async () => {
    const { place, python } = await together(version)
    const ids = await python.run<string[]>(`
      first = queue().enqueue('add', 1, 2)
      second = queue('other').enqueue('add', 3, 4, depends_on=first)
      answer([first.id, second.id, second.get_status()])
    `)
    expect(ids[2]).toBe('deferred')
    expect(await place.broker.jobDependents(ids[0] as string)).toEqual([ids[1]])
    place.start({ queues: ['default', 'other'] })
    const [first, second] = [await place.ended(ids[0] as string), await place.ended(ids[1] as string)]
    expect(second).toMatchObject({ state: 'finished', result: '7' })
    expect(second.startedAt).toBeGreaterThanOrEqual(first.endedAt as number)
  })

  it('cancels, deletes and requeues', async () => {
    const { place, python } = await together(version)
    const ids = await python.run<string[]>(`
      jobs = [queue().enqueue('add', 1, n) for n in range(3)]
      jobs[0].cancel()
      jobs[1].delete()
      answer([job.id for job in jobs])
    `)
    expect((await place.broker.jobFetch(ids[0] as string))?.state).toBe('canceled')
    expect(await place.broker.jobFetch(ids[1] as string)).toBeUndefined()
    await place.worker({ burst: true }).run()
    expect((await place.broker.jobFetch(ids[0] as string))?.state).toBe('canceled')
    expect((await place.broker.jobFetch(ids[2] as string))?.state).toBe('finished')
    const failed = await place.enqueue('throw')
    await place.worker({ burst: true }).run()
    expect(
      await python.run(`
      job = fetch('${failed}')
      job.requeue()
      answer([job.get_status(), queue().job_ids])
    `),
    ).toEqual(['queued', [failed]])
    await place.worker({ burst: true }).run()
    expect((await place.broker.jobResults(failed)).map(({ type }) => type)).toEqual(['failed', 'failed'])
  })

  it('puts jobs at the front', async () => {
    const { place, python } = await together(version)
    const ids = await python.run<string[]>(`
      answer([queue().enqueue('nothing').id, queue().enqueue('nothing', at_front=True).id])
    `)
    const { jobs } = await place.broker.jobList({ limit: 10, state: 'queued' })
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    const { claimed } = await place.broker.jobExchange({
      worker: 'w',
      outcomes: [],
      queues: ['default'],
      limit: 2,
      leaseMs: 60_000,
    })
    expect(claimed.map(({ id }) => id)).toEqual(ids.toReversed())
  })

  it('stops a running job by its worker, dead loop or not', async () => {
    const { place, python } = await together(version, 'fork')
    place.start({ concurrency: 2 })
    const id = await python.run<string>(`answer(queue().enqueue('loop-for-ever').id)`)
    await eventually(async () => expect((await place.broker.jobFetch(id))?.state).toBe('started'), LONG)
    await python.run(`
      from rq.command import send_stop_job_command
      send_stop_job_command(connection, '${id}', JSONSerializer)
      answer(None)
    `)
    expect((await place.ended(id)).state).toBe('stopped')
    expect(
      await python.run(`answer([fetch('${id}').get_status(), fetch('${id}') in queue().failed_job_registry])`),
    ).toEqual(['stopped', true])
  })

  it('suspends and resumes', async () => {
    const { place, python } = await together(version)
    await python.run('from rq.suspension import suspend; suspend(connection)')
    expect(await place.broker.workSuspended()).toBe(true)
    const id = await python.run<string>(`answer(queue().enqueue('add', 1, 1).id)`)
    place.start()
    await eventually(async () => expect(await place.broker.workerList()).toMatchObject([{ state: 'idle' }]))
    expect((await place.broker.jobFetch(id))?.state).toBe('queued')
    await python.run('from rq.suspension import resume; resume(connection)')
    expect((await place.ended(id)).state).toBe('finished')
  })

  it('sends a worker home', async () => {
    const { place, python } = await together(version)
    const worker = place.worker()
    const running = worker.run()
    onTestFinished(async () => {
      worker.supervisor.stop()
      await running
    })
    await eventually(async () => expect(await place.broker.workerList()).toMatchObject([{ state: 'idle' }]))
    await python.run(`
      from rq.command import send_shutdown_command
      send_shutdown_command(connection, Worker.all(connection=connection)[0].name)
      answer(None)
    `)
    await running
    expect(await python.run('answer(Worker.count(connection=connection))')).toBe(0)
  })
})
