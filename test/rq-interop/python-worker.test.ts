import { expect, it, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../src/broker/index.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/jobs.ts'
import { describeRq, PythonRq, type RqVersion } from '../support/python-rq.ts'
import { ownRedis } from '../support/redis-server.ts'

const JSON_WORKER = ['--serializer', 'rq.serializers.JSONSerializer']

async function together(version: RqVersion, options = ''): Promise<{ broker: Broker; python: PythonRq }> {
  const server = await ownRedis()
  const broker = await connectBroker(server.url(options))
  onTestFinished(() => broker.close())
  return { broker, python: new PythonRq(server, version) }
}

const LONG = { timeoutMs: 25_000 }

// RQ 1.x workers and workers of ours must not share a queue; here there are no others.
describeRq('a Python worker', (version) => {
  it.each([
    ['JSON', '', JSON_WORKER],
    ['pickle', 'serializer=pickle', []],
  ])('runs our jobs, and we read its results, by %s', async (_, options, args) => {
    const { broker, python } = await together(version, options)
    await broker.jobEnqueue([
      newJob({ id: 'sum', name: 'tasks.add', args: '[2, 3.5]' }),
      newJob({ id: 'text', name: 'tasks.add', args: '["naïve ", "🐎 \\ud800"]' }),
      newJob({ id: 'none', name: 'tasks.nothing' }),
    ])
    python.startWorker('--burst', ...args, 'default')
    expect(await broker.jobWait('sum', LONG)).toMatchObject({ state: 'finished', result: '5.5' })
    expect(JSON.parse((await broker.jobWait('text', LONG))?.result ?? '')).toBe('naïve 🐎 \ud800')
    expect(await broker.jobWait('none', LONG)).toMatchObject({ state: 'finished', result: 'null' })
    expect(await broker.jobResults('sum')).toMatchObject([{ type: 'finished', result: '5.5' }])
  })

  it('fails with a traceback that we show', async () => {
    const { broker, python } = await together(version)
    await broker.jobEnqueue([newJob({ id: 'a', name: 'tasks.fail', args: '["too bad"]' })])
    python.startWorker('--burst', ...JSON_WORKER, 'default')
    const record = await broker.jobWait('a', LONG)
    expect(record).toMatchObject({
      state: 'failed',
      failure: { kind: 'error', name: 'ValueError', message: 'too bad' },
    })
    expect(record?.failure?.stack).toContain('Traceback (most recent call last)')
  })

  it('retries as our policy says', async () => {
    const { broker, python } = await together(version)
    await broker.jobEnqueue([
      newJob({ id: 'a', name: 'tasks.fail', args: '["again"]', retry: { max: 2, delaysMs: [] } }),
    ])
    python.startWorker('--burst', ...JSON_WORKER, 'default')
    expect(await broker.jobWait('a', LONG)).toMatchObject({ state: 'failed', retriesLeft: 0 })
  })

  it('runs what we schedule, by its own scheduler', async () => {
    const { broker, python } = await together(version)
    await broker.jobEnqueue([newJob({ id: 'a', name: 'tasks.add', args: '[1, 1]', dueAt: Date.now() + 1000 })])
    python.startWorker('--with-scheduler', ...JSON_WORKER, 'default')
    expect(await broker.jobWait('a', LONG)).toMatchObject({ state: 'finished', result: '2' })
  })

  it('lets go what waits for its jobs', async () => {
    const { broker, python } = await together(version)
    await broker.jobEnqueue([
      newJob({ id: 'a', name: 'tasks.add', args: '[1, 1]' }),
      newJob({ id: 'b', name: 'tasks.add', args: '[2, 2]', dependsOn: { jobIds: ['a'] } }),
    ])
    python.startWorker('--burst', ...JSON_WORKER, 'default')
    expect(await broker.jobWait('b', LONG)).toMatchObject({ state: 'finished', result: '4' })
  })

  it('is shown among the workers, with its job, and is told to stop it', async () => {
    const { broker, python } = await together(version)
    await broker.jobEnqueue([newJob({ id: 'a', name: 'tasks.sleep', args: '[60]' })])
    python.startWorker(...JSON_WORKER, '--name', 'snake', 'default')
    await eventually(
      async () =>
        expect(await broker.workerList()).toMatchObject([
          { name: 'snake', isolation: 'python-rq', concurrency: 1, queues: ['default'], state: 'busy', running: ['a'] },
        ]),
      { timeoutMs: 20_000 },
    )
    expect(await broker.jobFetch('a')).toMatchObject({ state: 'started', worker: 'snake' })
    expect(await broker.commandSend({ worker: 'snake', command: { type: 'stop-job', jobId: 'a' } })).toBe(true)
    expect(await broker.jobWait('a', LONG)).toMatchObject({ state: 'stopped' })
  })
})
