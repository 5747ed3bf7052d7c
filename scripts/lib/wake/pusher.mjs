// Pushes a job for each line on standard input, and answers with the time just before: node pusher.mjs workhorse|rpush URL
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'

const [kind, dist, url] = process.argv.slice(2)
const push = kind === 'rpush' ? await plainPush() : await producer()

for await (const _ of createInterface({ input: process.stdin })) {
  const at = performance.timeOrigin + performance.now()
  await push()
  process.stdout.write(`${at}\n`)
}
process.exit(0)

async function producer() {
  const { connectBroker } = await import(`${dist}/broker/index.js`)
  const { createJob } = await import(`${dist}/job/create-job.js`)
  const { resolveJobOptions } = await import(`${dist}/job/options.js`)
  const broker = await connectBroker(url)
  return () => broker.jobEnqueue([createJob('noop', resolveJobOptions('noop', {}), [])])
}

/** As anybody could: the hash that RQ needs at least, and the id into the list. */
async function plainPush() {
  const { Redis } = await import('ioredis')
  const redis = new Redis(url.replace(/^redis\+unix:\/\/|\?.*$/g, ''))
  return async () => {
    const id = randomUUID()
    const data = JSON.stringify(['noop', null, [], {}])
    await redis.hset(`rq:job:${id}`, {
      data,
      origin: 'default',
      status: 'queued',
      created_at: new Date().toISOString(),
    })
    await redis.rpush('rq:queue:default', id)
  }
}
