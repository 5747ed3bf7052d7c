import { readdirSync, readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../src/broker/index.ts'
import { claim, finished, handIn, ids } from '../support/jobs.ts'
import { ownRedis } from '../support/redis-server.ts'

/** Bytes that are no ASCII text are in base64. */
type Text = string | { readonly base64: string }
type Recorded = { readonly ttl: number } & (
  | { readonly type: 'hash'; readonly value: Readonly<Record<string, Text>> }
  | { readonly type: 'list' | 'set'; readonly value: readonly Text[] }
  | { readonly type: 'zset'; readonly value: readonly (readonly [Text, string])[] }
  | { readonly type: 'stream'; readonly value: readonly (readonly [string, Readonly<Record<string, Text>>])[] }
  | { readonly type: 'string'; readonly value: Text }
)
type Recording = Readonly<Record<'waiting' | 'running' | 'ended', Readonly<Record<string, Recorded>>>>

/** Made by scripts/record-rq-wire.mjs. */
const FOLDER = new URL('./wire/', import.meta.url)
const bytes = (text: Text) => (typeof text === 'string' ? text : Buffer.from(text.base64, 'base64'))

async function restore(keys: Readonly<Record<string, Recorded>>): Promise<{ broker: Broker; redis: Redis }> {
  const server = await ownRedis()
  const redis = new Redis({ path: server.socket })
  onTestFinished(() => redis.disconnect())
  for (const [key, { ttl, ...entry }] of Object.entries(keys)) {
    switch (entry.type) {
      case 'hash':
        await redis.hset(key, ...Object.entries(entry.value).flatMap(([name, value]) => [name, bytes(value)]))
        break
      case 'list':
        await redis.rpush(key, ...entry.value.map(bytes))
        break
      case 'set':
        await redis.sadd(key, ...entry.value.map(bytes))
        break
      case 'zset':
        for (const [member, score] of entry.value) await redis.zadd(key, score, bytes(member))
        break
      case 'stream':
        for (const [id, fields] of entry.value)
          await redis.xadd(key, id, ...Object.entries(fields).flatMap(([name, value]) => [name, bytes(value)]))
        break
      case 'string':
        await redis.set(key, bytes(entry.value))
    }
    if (ttl > 0) await redis.expire(key, ttl + 600)
  }
  const broker = await connectBroker(server.url())
  onTestFinished(() => broker.close())
  return { broker, redis }
}

const files = readdirSync(FOLDER).map((file) => [file.replace('.json', '').replace('rq-', 'RQ '), file] as const)

describe.each(files)('what %s was recorded to write', (_, file) => {
  const recording = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Recording

  it('is taken as it was meant: retries, repeats, meta, groups, what waits and what comes later', async () => {
    const { broker, redis } = await restore(recording.waiting)
    await redis.zadd('rq:scheduled:default', Math.floor(Date.now() / 1000) + 3600, 'later')
    expect(await broker.queueList()).toMatchObject([
      { name: 'default', counts: { queued: 4, deferred: 1, scheduled: 1 } },
    ])
    expect(await broker.groupFetch('band')).toEqual(['grouped'])
    const [plain, rich, repeats, grouped] = await claim(broker, { limit: 10 })
    expect(plain).toMatchObject({ id: 'plain', name: 'tasks.add', args: '[2,{"b":3}]', timeoutMs: 180_000, attempt: 1 })
    expect(rich).toMatchObject({
      id: 'rich',
      retry: { max: 2, delaysMs: [10_000, 60_000] },
      retriesLeft: 2,
      meta: '{"k":1}',
    })
    expect(await broker.jobFetch('rich')).toMatchObject({ resultTtlMs: -1, ttlMs: 600_000 })
    // RQ takes the intervals of a repeat from their end.
    expect(repeats).toMatchObject({ id: 'repeats', repeat: { times: 2, delaysMs: [7000, 5000] }, repeatsLeft: 2 })
    expect(grouped).toMatchObject({ id: 'grouped', group: 'band', args: '[4]' })
    expect((await broker.jobFetch('waits'))?.dependsOn).toEqual({ jobIds: ['plain'] })
    await handIn(broker, [finished(plain as never, '5')])
    expect(ids(await claim(broker, { limit: 10 }))).toEqual(['waits'])
    expect((await broker.jobFetch('later'))?.state).toBe('scheduled')
  })

  it('is seen to run, with its worker, and taken back when that is dead', async () => {
    const { broker, redis } = await restore(recording.running)
    expect(await broker.jobFetch('running')).toMatchObject({ state: 'started', worker: 'snake', args: '[60]' })
    expect(await broker.workerList()).toMatchObject([{ name: 'snake', state: 'busy', running: ['running'] }])
    const [member = ''] = await redis.zrange('rq:wip:default', 0, 0)
    await redis.zadd('rq:wip:default', Math.floor(Date.now() / 1000) + 60, member)
    expect((await broker.maintain({ maxAbandonments: 3 })).reclaimed).toEqual([])
    await redis.zadd('rq:wip:default', Math.floor(Date.now() / 1000) - 1, member)
    expect((await broker.maintain({ maxAbandonments: 3 })).reclaimed).toEqual([{ jobId: 'running', worker: 'snake' }])
    expect(await redis.keys('rq:execution:*')).toEqual([])
    expect(ids(await claim(broker))).toEqual(['running'])
  })

  it('is read when it has ended: values, tracebacks, retries by return value', async () => {
    const { broker } = await restore(recording.ended)
    expect(await broker.jobFetch('finished')).toMatchObject({ state: 'finished', result: '5', worker: 'snake' })
    expect(await broker.jobFetch('failed')).toMatchObject({
      state: 'failed',
      failure: { name: 'ValueError', message: 'too bad', stack: expect.stringContaining('Traceback (most recent') },
    })
    expect((await broker.jobFetch('again'))?.state).toBe('scheduled')
    // A pickled Retry object, which is not looked at; not every version keeps one.
    const kept = 'rq:results:again' in recording.ended ? ['retried'] : []
    expect((await broker.jobResults('again')).map(({ type }) => type)).toEqual(kept)
    expect((await broker.jobResults('finished'))[0]?.result).toBe('5')
  })
})
