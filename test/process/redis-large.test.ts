import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../src/broker/index.ts'
import { eventually } from '../support/eventually.ts'
import { ids } from '../support/jobs.ts'
import { ownRedis } from '../support/redis-server.ts'

/** As Python's producers write them, a second apart, in the middle of which nothing but the server could be fast. */
const FILL = `
for index = 1, tonumber(ARGV[2]) do
  local id = ARGV[1] .. index
  local time = string.format('2026-01-%02dT%02d:%02d:%02d.000000Z', 1 + math.floor(index / 86400), math.floor(index / 3600) % 24,
    math.floor(index / 60) % 60, index % 60)
  redis.call('HSET', 'rq:job:' .. id, 'created_at', time, 'origin', 'default', 'status', 'queued',
    'data', '["' .. (index % 1000 == 0 and 'rare' or 'common') .. '", null, [], {}]')
  redis.call('RPUSH', 'rq:queue:default', id)
  if ARGV[3] == '1' then redis.call('SADD', 'rq:group:big', id) end
end
redis.call('SADD', 'rq:queues', 'rq:queue:default')
redis.call('SADD', 'rq:groups', 'big')
`

async function filled(count: number, group: boolean): Promise<{ broker: Broker; redis: Redis }> {
  const server = await ownRedis()
  const redis = new Redis({ path: server.socket })
  onTestFinished(() => redis.disconnect())
  await redis.eval(FILL, 0, 'job-', count, group ? '1' : '')
  const broker = await connectBroker(server.url('patience=30s'))
  onTestFinished(() => broker.close())
  return { broker, redis }
}

/** How many scripts the server has run since the last time. */
async function scriptsRun(redis: Redis): Promise<number> {
  const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)
  await redis.config('RESETSTAT')
  return calls
}

describe('with 100,000 jobs', () => {
  it('a page of the list is exact, and takes the server many short steps', async () => {
    const { broker, redis } = await filled(100_000, false)
    await scriptsRun(redis)
    const first = await broker.jobList({ limit: 3 })
    expect(ids(first.jobs)).toEqual(['job-100000', 'job-99999', 'job-99998'])
    expect(await scriptsRun(redis)).toBeLessThan(115)
    const next = await broker.jobList({ limit: 2, ...(first.cursor === undefined ? {} : { cursor: first.cursor }) })
    expect(ids(next.jobs)).toEqual(['job-99997', 'job-99996'])
    expect(ids((await broker.jobList({ limit: 2, name: 'rare' })).jobs)).toEqual(['job-100000', 'job-99000'])
    expect(ids((await broker.jobList({ limit: 2, state: 'failed' })).jobs)).toEqual([])
  })

  it('a large group is tidied without a long step', async () => {
    const { broker, redis } = await filled(30_000, true)
    await redis.del('rq:job:job-7', 'rq:job:job-29999')
    await scriptsRun(redis)
    // One turn has its time; the next goes on.
    await eventually(async () => {
      await broker.maintain({ maxAbandonments: 3 })
      expect(await redis.scard('rq:group:big')).toBe(29_998)
    })
    expect(await broker.groupList()).toEqual(['big'])
    // 30,000 members are looked at in at least as many steps as fit into steps of a thousand.
    expect(await scriptsRun(redis)).toBeGreaterThanOrEqual(30)
  })
})
