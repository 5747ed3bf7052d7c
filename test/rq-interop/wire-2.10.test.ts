import { deflateSync } from 'node:zlib'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../src/broker/index.ts'
import { eventually } from '../support/eventually.ts'
import { claim, claimOne, enqueue, failed, finished, handIn, ids, newJob, WORKER } from '../support/jobs.ts'
import { ownRedis } from '../support/redis-server.ts'

/** What RQ 2.10 has been seen to write, recorded from the wire, and what its readers need of us. */

async function store(): Promise<{ broker: Broker; redis: Redis }> {
  const server = await ownRedis()
  const redis = new Redis({ path: server.socket })
  onTestFinished(() => redis.disconnect())
  const broker = await connectBroker(server.url())
  onTestFinished(() => broker.close())
  return { broker, redis }
}

const NOW = '2026-11-23T00:23:21.123456Z'
const EXECUTION = '0123456789abcdef0123456789abcdef'

/** The proto-5 pickle of ('tasks.add', None, (2,), {'b': 3}) as a Python 3.11 producer sends it. */
const PICKLE = Buffer.from('8005951e00000000000000288c097461736b732e616464944e4b0285947d948c0162944b037374942e', 'hex')

/** A job as `Queue.enqueue` of 2.10 stores it. */
async function pythonJob(redis: Redis, id: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
  await redis.sadd('rq:queues', 'rq:queue:default')
  const hash = {
    status: 'queued',
    created_at: NOW,
    data: deflateSync(PICKLE),
    success_callback_name: '',
    failure_callback_name: '',
    stopped_callback_name: '',
    started_at: '',
    ended_at: '',
    last_heartbeat: '',
    worker_name: '',
    group_id: '',
    origin: 'default',
    description: 'tasks.add(2, b=3)',
    enqueued_at: NOW,
    timeout: '180',
    webhooks: '[{"url": "http://x", "job_status": "finished", "method": "GET"}]',
    ...fields,
  }
  await redis.hset(`rq:job:${id}`, hash)
}

/** A job that a 2.10 worker has started and is running, or has died with. */
async function pythonRunning(
  redis: Redis,
  id: string,
  leaseEnd: number,
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  await pythonJob(redis, id, { status: 'started', started_at: NOW, worker_name: 'snake', ...fields })
  await redis.hset(`rq:execution:${id}:${EXECUTION}`, {
    id: EXECUTION,
    created_at: '1795393401.1',
    last_heartbeat: '1795393401.1',
  })
  await redis.zadd(`rq:executions:${id}`, leaseEnd + 60, EXECUTION)
  await redis.zadd('rq:wip:default', leaseEnd, `${id}:${EXECUTION}`)
}

describe('what RQ 2.10 writes', () => {
  it('is claimed, from its fields', async () => {
    const { broker, redis } = await store()
    await pythonJob(redis, 'a', { retries_left: '2', retry_intervals: '[10, 60]', result_ttl: '-1', meta: '{"k": 1}' })
    await redis.rpush('rq:queue:default', 'a')
    const job = await claimOne(broker)
    expect(job).toMatchObject({
      name: 'tasks.add',
      args: '[2,{"b":3}]',
      attempt: 1,
      timeoutMs: 180_000,
      retry: { max: 2, delaysMs: [10_000, 60_000] },
      retriesLeft: 2,
      meta: '{"k": 1}',
    })
    await handIn(broker, [finished(job, '5')])
    expect(await redis.zscore('rq:finished:default', 'a')).toBe('inf')
    const [[, entry] = ['', []]] = await redis.xrevrange('rq:results:a', '+', '-')
    // Answered by pickle: proto 4, the int 5.
    expect(Buffer.from(entry[entry.indexOf('return_value') + 1] ?? '', 'base64').toString('hex')).toBe(
      '80044a050000002e',
    )
    expect(await redis.hget('rq:job:a', 'webhooks')).toContain('http://x')
  })

  it.each(['queued', 'created', 'ready_to_enqueue'])('is claimed in the status %s', async (status) => {
    const { broker, redis } = await store()
    await pythonJob(redis, 'a', { status })
    await redis.rpush('rq:queue:default', 'a')
    expect(ids(await claim(broker))).toEqual(['a'])
  })

  it.each(['finished', 'canceled', 'deferred', 'scheduled', 'started'])(
    'is passed over where an id is left over and the job is %s',
    async (status) => {
      const { broker, redis } = await store()
      await pythonJob(redis, 'a', { status })
      await redis.rpush('rq:queue:default', 'a', 'gone')
      expect(await claim(broker)).toEqual([])
      expect(await redis.llen('rq:queue:default')).toBe(0)
    },
  )

  it('is left alone while its worker lives, and taken back when that is dead', async () => {
    const { broker, redis } = await store()
    await pythonRunning(redis, 'alive', Math.ceil(Date.now() / 1000) + 90)
    await pythonRunning(redis, 'dead', Math.ceil(Date.now() / 1000) - 1)
    const done = await broker.maintain({ maxAbandonments: 3 })
    expect(done.reclaimed).toEqual([{ jobId: 'dead', worker: 'snake' }])
    expect(await broker.jobFetch('alive')).toMatchObject({ state: 'started', worker: 'snake', attempts: 1 })
    expect(ids(await claim(broker))).toEqual(['dead'])
    expect(await redis.exists(`rq:execution:dead:${EXECUTION}`)).toBe(0)
    expect(await redis.zcard('rq:wip:default')).toBe(2)
  })

  it('is taken back also where we ran that job before', async () => {
    const { broker, redis } = await store()
    await enqueue(broker, ['a'])
    await handIn(broker, [failed(await claimOne(broker))])
    // A Python worker has requeued and started it, and died.
    await redis.zrem('rq:failed:default', 'a')
    await redis.hset('rq:job:a', { status: 'started', worker_name: 'snake', started_at: NOW })
    await redis.zadd('rq:wip:default', Math.ceil(Date.now() / 1000) - 1, `a:${EXECUTION}`)
    expect((await broker.jobFetch('a'))?.worker).toBe('snake')
    expect((await broker.maintain({ maxAbandonments: 3 })).reclaimed).toHaveLength(1)
    expect(ids(await claim(broker))).toEqual(['a'])
  })

  it('of a running job that has ended meanwhile is only tidied up', async () => {
    const { broker, redis } = await store()
    await pythonRunning(redis, 'a', Math.ceil(Date.now() / 1000) - 1, { status: 'finished' })
    expect((await broker.maintain({ maxAbandonments: 3 })).reclaimed).toEqual([])
    expect(await redis.zcard('rq:wip:default')).toBe(0)
    expect((await broker.jobFetch('a'))?.state).toBe('finished')
  })

  it('is rescued from the intermediate list, after a minute of grace', async () => {
    const { broker, redis } = await store()
    const list = 'rq:queue:default:intermediate'
    await pythonJob(redis, 'fresh')
    await pythonJob(redis, 'stuck')
    await redis.rpush(list, 'fresh', 'stuck', 'gone')
    await redis.set(`${list}:first_seen:stuck`, String(Date.now() / 1000 - 61), 'EX', 86400)
    expect((await broker.maintain({ maxAbandonments: 3 })).reclaimed).toEqual([{ jobId: 'stuck', worker: '' }])
    expect(await redis.lrange(list, 0, -1)).toEqual(['fresh'])
    expect(await redis.exists(`${list}:first_seen:fresh`)).toBe(1)
    expect(ids(await claim(broker, { limit: 5 }))).toEqual(['stuck'])
  })

  it('is waited for where the score comes before the job, and forgotten where no job comes', async () => {
    const { broker, redis } = await store()
    await redis.sadd('rq:queues', 'rq:queue:default')
    await redis.zadd('rq:scheduled:default', Math.floor(Date.now() / 1000), 'late')
    expect((await broker.maintain({ maxAbandonments: 3 })).promoted).toBe(0)
    await pythonJob(redis, 'late', { status: 'scheduled', enqueued_at: '' })
    await eventually(async () => expect((await broker.maintain({ maxAbandonments: 3 })).promoted).toBe(1))
    await redis.zadd('rq:scheduled:default', 1, 'never')
    await redis.set('rq:workhorse:missing:never', Date.now() - 61_000)
    await broker.maintain({ maxAbandonments: 3 })
    expect(await redis.zcard('rq:scheduled:default')).toBe(0)
  })

  it('is left to a Python scheduler that holds the lock', async () => {
    const { broker, redis } = await store()
    await enqueue(broker, ['a'], { dueAt: Date.now() + 30 })
    await redis.set('rq:scheduler-lock:default', 'abc', 'EX', 61)
    await eventually(async () => expect(await redis.zcount('rq:scheduled:default', 0, Date.now() / 1000)).toBe(1))
    expect(await broker.maintain({ maxAbandonments: 3 })).toMatchObject({ promoted: 0 })
    await redis.del('rq:scheduler-lock:default')
    expect(await broker.maintain({ maxAbandonments: 3 })).toMatchObject({ promoted: 1 })
  })

  it('as history is read, whatever its type', async () => {
    const { broker, redis } = await store()
    await pythonJob(redis, 'a', { status: 'failed', ended_at: NOW })
    const text = 'Traceback (most recent call last):\n  File "t.py", line 2\nValueError: too bad\n'
    const traceback = deflateSync(text).toString('base64')
    await redis.xadd('rq:results:a', '1-1', 'type', '1', 'return_value', 'gAVLBS4=', 'worker_name', 'snake')
    // A Retry object, pickled: it is not looked at.
    await redis.xadd('rq:results:a', '2-1', 'type', '4', 'return_value', 'gASVLwAAAA==', 'worker_name', 'snake')
    await redis.xadd(
      'rq:results:a',
      '3-1',
      'type',
      '2',
      'exc_string',
      traceback,
      'worker_name',
      '',
      'execution_id',
      EXECUTION,
    )
    expect(await broker.jobResults('a')).toMatchObject([
      {
        type: 'failed',
        at: 3,
        executionId: EXECUTION,
        failure: { name: 'ValueError', message: 'too bad', stack: text },
      },
      { type: 'retried', at: 2, worker: 'snake' },
      { type: 'finished', at: 1, worker: 'snake', result: '5' },
    ])
    expect((await broker.jobFetch('a'))?.failure?.name).toBe('ValueError')
  })

  it('of a worker is shown, also without current_job, as after 2.10', async () => {
    const { broker, redis } = await store()
    await redis.sadd('rq:workers', 'rq:worker:snake')
    await redis.hset('rq:worker:snake', {
      birth: NOW,
      last_heartbeat: NOW,
      queues: 'default,low',
      pid: '7',
      hostname: 'h',
      version: '3.0',
      state: 'busy',
      successful_job_count: '4',
    })
    await redis.sadd('rq:worker:snake:executions', `a:${EXECUTION}`)
    expect(await broker.workerList()).toMatchObject([
      {
        name: 'snake',
        queues: ['default', 'low'],
        pid: 7,
        state: 'busy',
        finished: 4,
        running: ['a'],
        isolation: 'python-rq',
      },
    ])
  })
})

describe('what RQ 2.10 reads', () => {
  it('is there for a waiting job', async () => {
    const { broker, redis } = await store()
    await broker.jobEnqueue([newJob({ id: 'a', name: 'tasks.add', args: '[2,3]', timeoutMs: 1500 })])
    const hash = await redis.hgetall('rq:job:a')
    expect(hash).toMatchObject({
      status: 'queued',
      origin: 'default',
      data: '["tasks.add", null, [2,3], {}]',
      timeout: '2',
      description: 'tasks.add(2,3)',
    })
    for (const time of ['created_at', 'enqueued_at'])
      expect(hash[time]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    // Python refuses to read a job in which one of these is not a number, or names what it cannot import.
    for (const [name, value] of Object.entries(hash)) {
      if (/timeout|ttl|left$/.test(name)) expect(Number.isInteger(Number(value)), name).toBe(true)
      expect(name).not.toMatch(/callback/)
    }
    expect(await redis.smembers('rq:queues')).toEqual(['rq:queue:default'])
    expect(await redis.lrange('rq:queue:default', 0, -1)).toEqual(['a'])
  })

  it('is there for a running job: its lease, and its execution once it is renewed', async () => {
    const { broker, redis } = await store()
    await enqueue(broker, ['a'])
    const { executionId } = await claimOne(broker, { leaseMs: 60_000 })
    expect(executionId).toMatch(/^[0-9a-f]{32}$/)
    const [member, score] = await redis.zrange('rq:wip:default', 0, 0, 'WITHSCORES')
    expect(member).toBe(`a:${executionId}`)
    expect(Number(score)).toBeGreaterThan(Date.now() / 1000 + 50)
    await broker.leaseRenew({ worker: WORKER, executions: [{ jobId: 'a', executionId }], leaseMs: 60_000 })
    expect(await redis.hgetall(`rq:execution:a:${executionId}`)).toMatchObject({
      id: executionId,
      job_id: 'a',
      worker_name: WORKER,
    })
    expect(await redis.zrange('rq:executions:a', 0, -1)).toEqual([executionId])
    await handIn(broker, [finished({ id: 'a', executionId } as never)])
    expect(await redis.keys('rq:exec*')).toEqual([])
    expect(await redis.zcard('rq:wip:default')).toBe(0)
  })

  it('is there for an ended job, with as long to live', async () => {
    const { broker, redis } = await store()
    await enqueue(broker, ['a', 'b'], { resultTtlMs: 60_000, failureTtlMs: 90_000 })
    const [a, b] = (await claim(broker, { limit: 2 })) as [never, never]
    await handIn(broker, [finished(a, '{"n":1}'), failed(b, { stack: 'Error: it broke\n    at x' })])
    const [[, done] = ['', []]] = await redis.xrevrange('rq:results:a', '+', '-')
    const fields = Object.fromEntries(Array.from({ length: done.length / 2 }, (_, n) => [done[n * 2], done[n * 2 + 1]]))
    expect(fields).toMatchObject({
      type: '1',
      worker_name: WORKER,
      return_value: Buffer.from('{"n":1}').toString('base64'),
    })
    const [[, broken] = ['', []]] = await redis.xrevrange('rq:results:b', '+', '-')
    expect(broken[broken.indexOf('type') + 1]).toBe('2')
    for (const [key, ttl] of [
      ['rq:job:a', 60],
      ['rq:results:a', 60],
      ['rq:job:b', 90],
      ['rq:results:b', 90],
    ] as const) {
      expect(await redis.ttl(key)).toBeGreaterThan(ttl - 20)
      expect(await redis.ttl(key)).toBeLessThanOrEqual(ttl)
    }
    expect(Number(await redis.zscore('rq:failed:default', 'b'))).toBeGreaterThan(Date.now() / 1000 + 60)
    expect(await redis.hget('rq:job:b', 'status')).toBe('failed')
  })

  it('is only what it knows: types of results that every version can read', async () => {
    const { broker, redis } = await store()
    await enqueue(broker, ['a'], { retry: { max: 1, delaysMs: [] } })
    const job = await claimOne(broker)
    await handIn(broker, [{ ...failed(job), retry: { delayMs: 0, atFront: false } } as never])
    const [[, entry] = ['', []]] = await redis.xrevrange('rq:results:a', '+', '-')
    expect(entry[entry.indexOf('type') + 1]).toBe('2')
    expect((await broker.jobResults('a'))[0]?.type).toBe('retried')
    expect(await redis.hgetall('rq:job:a')).toMatchObject({ retries_left: '0', retry_intervals: '[0]' })
  })

  it('is scored so that no version fails a deferred job', async () => {
    const { broker, redis } = await store()
    await enqueue(broker, ['a'])
    await broker.jobEnqueue([newJob({ id: 'b', dependsOn: { jobIds: ['a'] } })])
    expect(await redis.zscore('rq:deferred:default', 'b')).toBe('inf')
    expect(await redis.smembers('rq:job::b:dependencies')).toEqual(['a'])
    expect(await redis.smembers('rq:job:a:dependents')).toEqual(['b'])
    expect(await redis.hgetall('rq:job:b')).toMatchObject({
      dependency_ids: '["a"]',
      dependency_id: 'a',
      allow_dependency_failures: '0',
    })
  })
})
