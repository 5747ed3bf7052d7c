import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/jobs.ts'
import { describeRq, PythonRq, type RqVersion } from '../support/python-rq.ts'
import { ownRedis } from '../support/redis-server.ts'
import { type Workplace, workplace } from '../support/worker.ts'

const LONG = { timeoutMs: 25_000 }

/** A worker of two slots, one of them busy, and a job in each state. Dashboards read with RQ's default serializer. */
async function everything(version: RqVersion): Promise<{ place: Workplace; python: PythonRq }> {
  const server = await ownRedis()
  const place = await workplace('inline', server.url('serializer=pickle'))
  const { broker } = place
  const once = (id: string, name: string, more = {}) => newJob({ id, name, ...more })
  await broker.jobEnqueue([
    once('finished', 'echo', { args: '[{"sum": 5}]', meta: '{"from": "test"}' }),
    once('failed', 'throw'),
    once('repeated', 'nothing', { repeat: { times: 1, delaysMs: [3_600_000] } }),
    once('retried', 'throw', { retry: { max: 1, delaysMs: [3_600_000] } }),
    once('canceled', 'nothing', { dueAt: Date.now() + 3_600_000 }),
    once('scheduled', 'nothing', { dueAt: Date.now() + 3_600_000 }),
    once('queued', 'nothing', { queue: 'waiting' }),
    once('stopped', 'wait-for-abort'),
  ])
  await broker.jobCancel('canceled')
  const worker = place.start({ concurrency: 2 })
  onTestFinished(() => worker.supervisor.kill())
  const becomes = (id: string, state: string) =>
    eventually(async () => expect((await broker.jobFetch(id))?.state).toBe(state), LONG)
  for (const id of ['finished', 'failed']) await becomes(id, id)
  for (const id of ['repeated', 'retried']) await becomes(id, 'scheduled')
  await becomes('stopped', 'started')
  const [{ name } = { name: '' }] = await broker.workerList()
  await broker.commandSend({ worker: name, command: { type: 'stop-job', jobId: 'stopped' } })
  await becomes('stopped', 'stopped')
  await broker.jobEnqueue([
    once('started', 'wait-for-abort'),
    once('deferred', 'nothing', { dependsOn: { jobIds: ['started'] } }),
  ])
  await becomes('started', 'started')
  await eventually(async () => expect(await broker.workerList()).toMatchObject([{ finished: 2, failed: 2 }]), LONG)
  return { place, python: new PythonRq(server, version) }
}

describeRq('what monitors read, through the classes of RQ', (version) => {
  it.runIf(version.major >= 2)('rq-dashboard: queues, workers, jobs in every state, and the page of each', async () => {
    const { python } = await everything(version)
    const { queues, workers, pages, jobs } = await python.run<Dashboard>(`
      KINDS = ['started', 'deferred', 'failed', 'finished', 'canceled', 'scheduled']
      def registry(q, kind): return getattr(q, kind + '_job_registry')
      def date(value): return None if value is None else value.isoformat()
      def current(worker):
          job = worker.get_current_job()
          return job and [job.id, job.description, date(job.created_at), job.get_call_string()]
      def page(q, kind):
          ids = q.get_job_ids(0, 8) if kind == 'queued' else registry(q, kind).get_job_ids(0, 7)
          found = [q.fetch_job(id) for id in ids]
          return [[job.id, date(job.created_at), date(job.ended_at), job.description, last(job)] for job in found]
      def last(job):
          result = job.latest_result()
          return result and result.exc_string
      def shown(id):
          job = Job.fetch(id, connection=connection)
          result = job.latest_result()
          return dict(
              status=job.get_status().value, origin=job.origin, meta=job.meta, dependencies=job.dependency_ids,
              times=[date(t) for t in (job.created_at, job.enqueued_at, job.started_at, job.ended_at)],
              value=result and result.return_value, exc=result and result.exc_string, worker=job.worker_name,
              history=[one.type.name for one in job.results()],
          )
      queues = Queue.all(connection=connection)
      workers = Worker.all(connection=connection)
      answer(dict(
          queues={q.name: {'queued': q.count, **{kind: registry(q, kind).get_job_count(cleanup=False) for kind in KINDS}} for q in queues},
          workers=[[
              worker.get_state(), [q.name for q in worker.queues], worker.pid, worker.version, worker.python_version,
              date(worker.last_heartbeat), date(worker.birth_date), worker.successful_job_count, worker.failed_job_count,
              worker.total_working_time, current(worker),
          ] for worker in sorted(workers, key=lambda worker: worker.get_state())],
          pages={q.name: {kind: page(q, kind) for kind in ['queued', *KINDS]} for q in queues},
          jobs={id: shown(id) for id in ['finished', 'failed', 'repeated', 'retried', 'canceled', 'scheduled', 'queued', 'stopped', 'started', 'deferred']},
      ))
    `)
    expect(queues).toEqual({
      default: { queued: 0, started: 1, deferred: 1, failed: 2, finished: 1, canceled: 1, scheduled: 3 },
      waiting: { queued: 1, started: 0, deferred: 0, failed: 0, finished: 0, canceled: 0, scheduled: 0 },
    })
    expect(workers).toHaveLength(2)
    const [busy, idle] = workers as [unknown[], unknown[]]
    expect(busy).toEqual([
      'busy',
      ['default'],
      process.pid,
      expect.stringMatching(/^workhorse \d/),
      expect.stringMatching(/^node /i),
      expect.any(String),
      expect.any(String),
      expect.any(Number),
      expect.any(Number),
      expect.any(Number),
      ['started', 'wait-for-abort()', expect.any(String), 'wait-for-abort()'],
    ])
    expect(idle[0]).toBe('idle')
    expect(idle.at(-1)).toBeNull()
    const idsOf = (queue: string, kind: string) => pages[queue]?.[kind]?.map(([id]) => id).toSorted()
    expect(idsOf('default', 'started')).toEqual(['started'])
    expect(idsOf('default', 'failed')).toEqual(['failed', 'stopped'])
    expect(idsOf('default', 'scheduled')).toEqual(['repeated', 'retried', 'scheduled'])
    expect(idsOf('default', 'canceled')).toEqual(['canceled'])
    expect(idsOf('waiting', 'queued')).toEqual(['queued'])
    expect(jobs['finished']).toMatchObject({
      status: 'finished',
      origin: 'default',
      value: { sum: 5 },
      meta: { from: 'test' },
      history: ['SUCCESSFUL'],
    })
    expect(jobs['failed']).toMatchObject({
      status: 'failed',
      exc: expect.stringContaining('TypeError: it does not fit'),
    })
    expect(jobs['repeated']).toMatchObject({ status: 'scheduled', history: ['SUCCESSFUL'] })
    expect(jobs['retried']).toMatchObject({ status: 'scheduled', history: ['FAILED'] })
    expect(jobs['stopped']).toMatchObject({ status: 'stopped' })
    expect(jobs['deferred']).toMatchObject({ status: 'deferred', dependencies: ['started'] })
    for (const state of ['canceled', 'scheduled', 'queued', 'started']) expect(jobs[state]?.status).toBe(state)
  })

  it.runIf(version.major >= 2)('rq-exporter: workers and counts', async () => {
    const { python } = await everything(version)
    const [workers, queues] = await python.run<[[string, string[], string, number, number, number][], unknown]>(`
      workers = Worker.all(connection=connection)
      answer([
          [[w.name, w.queue_names(), w.get_state(), w.successful_job_count, w.failed_job_count, w.total_working_time] for w in workers],
          {q.name: [q.count, *[getattr(q, kind + '_job_registry').count for kind in ('started', 'finished', 'failed', 'deferred', 'scheduled')]] for q in Queue.all(connection=connection)},
      ])
    `)
    expect(queues).toEqual({ default: [0, 1, 1, 2, 1, 3], waiting: [1, 0, 0, 0, 0, 0] })
    expect(workers.map(([name]) => name.replace(/^.*\./, '')).toSorted()).toEqual(['1', '2'])
    expect(workers.map(([, names]) => names)).toEqual([['default'], ['default']])
    const total = (index: 3 | 4 | 5) => workers.reduce((sum, worker) => sum + worker[index], 0)
    expect([total(3), total(4)]).toEqual([2, 3])
    expect(total(5)).toBeGreaterThan(0)
    expect(total(5)).toBeLessThan(60)
  })
})

interface Dashboard {
  readonly queues: unknown
  readonly workers: readonly unknown[][]
  readonly pages: Readonly<Record<string, Readonly<Record<string, readonly [string][]>>>>
  readonly jobs: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}
