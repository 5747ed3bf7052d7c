import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../src/broker/index.ts'
import { BrokerUnavailableError } from '../../src/errors.ts'
import type { ClaimedJob } from '../../src/job/record.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { eventually } from '../support/eventually.ts'
import { claim, claimOne, enqueue, finished, handIn, ids, newJob, released, WORKER } from '../support/jobs.ts'
import { ownRedis, type RedisServer } from '../support/redis-server.ts'
import { workplace } from '../support/worker.ts'

const DURABLE = ['appendonly yes', 'appendfsync always']

async function open(url: string): Promise<Broker> {
  const broker = await connectBroker(url)
  onTestFinished(() => broker.close())
  return broker
}

/** Past the brokers, for what an operator does. */
function operator(server: RedisServer): Redis {
  const client = new Redis({ path: server.socket })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

/** A broker behind a proxy, and one that is not. */
async function behindProxy(): Promise<{ broker: Broker; direct: Broker; proxy: CuttingProxy }> {
  const server = await ownRedis({ tcp: true })
  const proxy = await CuttingProxy.create(server.port)
  const broker = await open(`redis://127.0.0.1:${proxy.port}?patience=10s`)
  return { broker, direct: await open(server.url()), proxy }
}

function worker(concurrency: number) {
  return {
    name: WORKER,
    hostname: 'host',
    pid: 1,
    queues: ['default'],
    concurrency,
    isolation: 'inline',
    version: '1',
    startedAt: Date.now(),
    ttlMs: 60_000,
  }
}

describe('a lost answer', () => {
  it('to an enqueue stores the jobs once, and is no lie', async () => {
    const { broker, direct, proxy } = await behindProxy()
    // Known to the server from here on, so that the next call is one request.
    await enqueue(broker, ['first'])
    const lost = proxy.loseAnswerTo('EVALSHA')
    await enqueue(broker, ['a', 'b'])
    await lost
    expect(ids(await claim(direct, { limit: 10 }))).toEqual(['first', 'a', 'b'])
  })

  it('to a claim is given again', async () => {
    const { broker, direct, proxy } = await behindProxy()
    await broker.workerRegister(worker(3))
    await enqueue(direct, ['a', 'b', 'c', 'd'])
    expect(ids(await claim(broker, { limit: 1 }))).toEqual(['a'])
    const lost = proxy.loseAnswerTo('EVALSHA')
    const claimed = await claim(broker, { limit: 2 })
    await lost
    expect(ids(claimed)).toEqual(['b', 'c'])
    expect(
      await handIn(
        broker,
        claimed.map((job) => finished(job)),
      ),
    ).toEqual([])
    expect(ids(await claim(broker, { limit: 2 }))).toEqual(['d'])
  })

  it('to a claim of more than the worker has slots is given again', async () => {
    const { broker, direct, proxy } = await behindProxy()
    await broker.workerRegister(worker(1))
    await enqueue(direct, ['first', 'a', 'b', 'c', 'd'])
    await claim(broker, { limit: 1 })
    const lost = proxy.loseAnswerTo('EVALSHA')
    const claimed = await claim(broker, { limit: 3 })
    await lost
    expect(ids(claimed)).toEqual(['a', 'b', 'c'])
    expect((await direct.queueList())[0]?.counts).toMatchObject({ started: 4, queued: 1 })
    const outcomes = claimed.map((job) => finished(job))
    expect(await handIn(broker, outcomes)).toEqual([])
  })

  it('to an outcome is not taken for a refusal', async () => {
    const { broker, proxy } = await behindProxy()
    await enqueue(broker, ['a', 'b', 'c'], { resultTtlMs: 60_000 })
    const [a, b, c] = (await claim(broker, { limit: 3 })) as [never, never, never]
    expect(await handIn(broker, [finished(c)])).toEqual([])
    const lost = proxy.loseAnswerTo('EVALSHA')
    expect(await handIn(broker, [finished(a, '1'), released(b)])).toEqual([])
    await lost
    expect(await broker.jobFetch('a')).toMatchObject({ state: 'finished', result: '1' })
    expect(ids(await claim(broker, { limit: 5 }))).toEqual(['b'])
    // A second end that is none of a lost answer is refused as ever.
    expect(await handIn(broker, [finished(a)])).toHaveLength(1)
  })
})

/** Jobs a to d run, two of each lane, and e to h wait; what is done is told and more is claimed by both lanes at once. */
async function twoLanes(patience: string) {
  const server = await ownRedis({ tcp: true })
  const proxy = await CuttingProxy.create(server.port)
  const broker = await open(`redis://127.0.0.1:${proxy.port}?patience=${patience}`)
  const redis = operator(server)
  await broker.workerRegister(worker(4))
  await enqueue(broker, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
  const running = [await claim(broker, { limit: 2 }), await claim(broker, { limit: 2 })]
  const exchange = (done: readonly ClaimedJob[], limit = 2) =>
    broker.jobExchange({
      worker: WORKER,
      outcomes: done.map((job) => finished(job)),
      queues: ['default'],
      limit,
      leaseMs: 60_000,
    })
  const scriptsRun = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1])
  /** Both calls are carried out, and nothing of their answers arrives. */
  const lose = async () => {
    const before = await scriptsRun()
    proxy.swallowAnswers()
    const calls = Promise.allSettled(running.map((jobs) => exchange(jobs)))
    await eventually(async () => expect(await scriptsRun()).toBe(before + 2))
    proxy.cut()
    return calls
  }
  /** Each job once, each of e to h in a slot of its own, and a to d counted. */
  const expectAllThere = async (claimed: readonly ClaimedJob[]) => {
    expect(ids(claimed).toSorted()).toEqual(['e', 'f', 'g', 'h'])
    const slots = await Promise.all([1, 2, 3, 4].map((number) => redis.hgetall(`rq:worker:${WORKER}.${number}`)))
    expect(slots.map((slot) => slot['current_job']).toSorted()).toEqual(['e', 'f', 'g', 'h'])
    expect(slots.map((slot) => slot['successful_job_count'])).toEqual(['1', '1', '1', '1'])
    for (const id of ['a', 'b', 'c', 'd']) expect(await redis.xlen(`rq:results:${id}`), id).toBe(1)
    expect(await redis.llen('rq:queue:default')).toBe(0)
    expect((await exchange(claimed, 0)).refused).toEqual([])
    expect((await broker.queueList())[0]?.counts).toMatchObject({ finished: 8, started: 0 })
  }
  return { broker, exchange, running, lose, expectAllThere }
}

describe('two lost answers at once', () => {
  it('are given again, each to its own lane: nothing is lost, nothing doubled', async () => {
    const { lose, expectAllThere } = await twoLanes('10s')
    const answers = await lose()
    const done = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : expect.unreachable()))
    expect(done.map(({ refused }) => refused)).toEqual([[], []])
    expect(done.map(({ claimed }) => claimed.length)).toEqual([2, 2])
    await expectAllThere(done.flatMap(({ claimed }) => claimed))
  })

  it('are made up for by the next call, where nobody waited', async () => {
    const { exchange, running, lose, expectAllThere } = await twoLanes('0')
    for (const answer of await lose()) expect(answer).toMatchObject({ status: 'rejected' })
    const { refused, claimed } = await exchange(running.flat(), 4)
    expect(refused).toEqual([])
    await expectAllThere(claimed)
  })
})

describe('a worker that changes its size while two lanes are under way', () => {
  it('runs each job once and in one slot, also in slots that go', async () => {
    const { broker, exchange, running } = await twoLanes('10s')
    const [first = [], second = []] = running
    const [a, b] = await Promise.all([exchange(first), exchange(second), broker.workerResize(worker(6))])
    const more = await exchange([], 2)
    expect(more.claimed).toHaveLength(0)
    await enqueue(broker, ['i', 'j', 'k', 'l'])
    const [c, d] = await Promise.all([exchange([], 1), exchange([], 1)])
    const all = [a, b, c, d].flatMap(({ claimed }) => claimed)
    expect(ids(all).toSorted()).toEqual(['e', 'f', 'g', 'h', 'i', 'j'])
    const shown = async () => (await broker.workerList())[0]?.running.toSorted()
    expect(await shown()).toEqual(['e', 'f', 'g', 'h', 'i', 'j'])
    // Down to two while six run: those that run stay where they are until they have ended.
    const [e] = await Promise.all([exchange(a.claimed, 0), broker.workerResize(worker(2)), exchange(b.claimed, 0)])
    expect(e.refused).toEqual([])
    expect(await shown()).toEqual(['i', 'j'])
    expect((await exchange([...c.claimed, ...d.claimed], 2)).claimed.map(({ id }) => id)).toEqual(['k', 'l'])
    expect(await shown()).toEqual(['k', 'l'])
    await broker.workerHeartbeat({ name: WORKER, ttlMs: 60_000, state: 'busy', finished: 0, failed: 0 })
    expect((await broker.queueList())[0]?.counts).toMatchObject({ finished: 10, started: 2, queued: 0 })
  })
})

describe('a cut connection', () => {
  it('does not end the waits', async () => {
    const { broker, direct, proxy } = await behindProxy()
    await enqueue(direct, ['a'])
    const result = broker.jobWait('a', { timeoutMs: 20_000 })
    const job = await claimOne(direct)
    const work = broker.workWait({ queues: ['default'], timeoutMs: 20_000 })
    proxy.cut()
    await handIn(direct, [finished(job, '"yes"')])
    expect(await result).toMatchObject({ state: 'finished', result: '"yes"' })
    proxy.cut()
    await enqueue(direct, ['b'])
    await work
    expect(ids(await claim(broker))).toEqual(['b'])
  })

  it('is told as such to whoever will not wait', async () => {
    const server = await ownRedis({ tcp: true })
    const proxy = await CuttingProxy.create(server.port)
    const broker = await open(`redis://127.0.0.1:${proxy.port}?patience=0`)
    await proxy.close()
    const attempt = enqueue(broker, ['a'])
    await expect(attempt).rejects.toThrow(BrokerUnavailableError)
    await expect(attempt).rejects.toThrow(/cannot be reached|broke before the answer/)
  })
})

describe('a Redis that is not ready', () => {
  it('is waited for while it loads its data', async () => {
    const server = await ownRedis({ config: DURABLE })
    const broker = await open(server.url())
    await enqueue(
      broker,
      Array.from({ length: 50 }, (_, index) => `job-${index}`),
    )
    await server.stop('SIGKILL')
    await server.start(['key-load-delay 10000', 'loading-process-events-interval-bytes 1024'])
    await enqueue(broker, ['last'])
    expect(await claim(broker, { limit: 100 })).toHaveLength(51)
  })

  it('is waited for while it is a replica', async () => {
    const server = await ownRedis()
    const broker = await open(server.url())
    await enqueue(broker, ['a'])
    const admin = operator(server)
    await admin.replicaof('127.0.0.1', '1')
    const storing = enqueue(broker, ['b'])
    await eventually(async () => expect(await admin.info('errorstats')).toContain('READONLY'))
    await admin.replicaof('NO', 'ONE')
    await storing
    expect(ids(await claim(broker, { limit: 5 }))).toEqual(['a', 'b'])
  })

  it('is waited for while somebody else keeps it busy, and until that script is killed', async () => {
    const server = await ownRedis({ config: ['busy-reply-threshold 20'] })
    const broker = await open(server.url())
    const admin = operator(server)
    const endless = operator(server)
      .eval('while true do end', 0)
      .catch((error: Error) => error.message)
    await eventually(async () => await expect(admin.ping()).rejects.toThrow(/BUSY/))
    const storing = enqueue(broker, ['a'])
    await admin.script('KILL')
    await storing
    expect(await endless).toMatch(/killed/i)
    expect(ids(await claim(broker))).toEqual(['a'])
  })

  it('is asked again where somebody kills a script of ours, and is waited for meanwhile', async () => {
    const server = await ownRedis({ config: ['busy-reply-threshold 5'] })
    const broker = await open(server.url('patience=30s'))
    const other = await open(server.url('patience=30s'))
    const admin = operator(server)
    // So many members that looking at each takes a while.
    await admin.eval("for n = 1, 400000 do redis.call('SADD', 'rq:group:big', n) end", 0)
    await enqueue(broker, ['a'], { group: 'big' })
    const reading = broker.groupFetch('big')
    await eventually(async () => await expect(admin.ping()).rejects.toThrow(/BUSY/))
    const storing = enqueue(other, ['b'])
    // It is refused where no script runs, or one that has written.
    expect(await admin.script('KILL')).toBe('OK')
    expect(await reading).toEqual(['a'])
    await storing
    expect(ids(await claim(broker, { limit: 5 }))).toEqual(['a', 'b'])
  })

  it('loses no job where it forgets the scripts', async () => {
    const server = await ownRedis()
    const broker = await open(server.url())
    await enqueue(broker, ['a'])
    await operator(server).script('FLUSH')
    expect(ids(await claim(broker))).toEqual(['a'])
  })

  it('loses no job where it is out of memory, and says so', async () => {
    const server = await ownRedis({ config: ['maxmemory-policy noeviction'] })
    const broker = await open(server.url())
    await enqueue(broker, ['a', 'b'])
    const job = await claimOne(broker)
    const admin = operator(server)
    await admin.config('SET', 'maxmemory', '1')
    await expect(enqueue(broker, ['c'])).rejects.toThrow(/out of memory/)
    await expect(claim(broker)).rejects.toThrow(BrokerUnavailableError)
    await expect(handIn(broker, [finished(job)])).rejects.toThrow(/maxmemory/)
    await admin.config('SET', 'maxmemory', '0')
    expect(await handIn(broker, [finished(job)])).toEqual([])
    expect(ids(await claim(broker, { limit: 5 }))).toEqual(['b'])
  })
})

describe('a Redis that dies', () => {
  it('does not end what runs: the result is kept and told when it is back, and nothing is lost', async () => {
    const server = await ownRedis({ config: DURABLE })
    // The worker says that something is wrong when its patience is over; the producer has more of it.
    const place = await workplace('inline', server.url().replace('patience=10s', 'patience=1s'))
    const producer = await open(server.url())
    place.start({ concurrency: 2 })
    const running = await place.enqueue('sleep', [1500])
    await eventually(async () => expect((await place.broker.jobFetch(running))?.state).toBe('started'))
    const waiting = await Promise.all(Array.from({ length: 20 }, (_, n) => place.enqueue('add', [n, 1])))
    const ended = producer.jobWait(running, { timeoutMs: 25_000 })
    await server.stop('SIGKILL')
    // Stored once it is back, and not before.
    const late = enqueue(producer, ['late'], { name: 'echo', args: '["late"]' })
    await eventually(() => expect(place.log.filter((line) => line.includes('"broker.failed"'))).toHaveLength(1), {
      timeoutMs: 20_000,
    })
    await server.start()
    expect(await ended).toMatchObject({ state: 'finished', result: '"slept"', attempts: 1 })
    await late
    for (const id of [...waiting, 'late']) expect((await place.ended(id)).state).toBe('finished')
    expect(place.log.filter((line) => line.includes('"broker.failed"'))).toHaveLength(1)
    expect(place.log.filter((line) => line.includes('"broker.back"'))).toHaveLength(1)
  })

  it('while a producer has no patience, has stored nothing that was refused', async () => {
    const server = await ownRedis({ config: DURABLE })
    const broker = await open(server.url().replace('patience=10s', 'patience=0'))
    await enqueue(broker, ['before'])
    await server.stop('SIGKILL')
    await expect(broker.jobEnqueue([newJob({ id: 'refused' })])).rejects.toThrow(BrokerUnavailableError)
    await server.start()
    await enqueue(broker, ['after'])
    expect(ids(await claim(broker, { limit: 5 }))).toEqual(['before', 'after'])
  })
})
