import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../src/broker/index.ts'
import { BrokerUnavailableError } from '../../src/errors.ts'
import { claim, claimOne, enqueue, finished, handIn, ids } from '../support/jobs.ts'
import { startCluster } from '../support/redis-cluster.ts'
import { startSentinel } from '../support/redis-sentinel.ts'
import { freePort, ownRedis } from '../support/redis-server.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const DIST = pathToFileURL(fileURLToPath(new URL('../../dist/broker/index.js', import.meta.url))).href

/** One job, there and back, with both ways of waiting. */
async function work(broker: Broker): Promise<void> {
  onTestFinished(() => broker.close())
  const coming = broker.workWait({ queues: ['default'], timeoutMs: 20_000 })
  await enqueue(broker, ['a'])
  await coming
  const result = broker.jobWait('a', { timeoutMs: 20_000 })
  await handIn(broker, [finished(await claimOne(broker), '"done"')])
  expect(await result).toMatchObject({ state: 'finished', result: '"done"' })
}

function openssl(folder: string, ...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

describe('a Redis broker connects', () => {
  it('by host and port, to a numbered database', async () => {
    const server = await ownRedis({ tcp: true })
    await work(await connectBroker(`redis://127.0.0.1:${server.port}/3`))
    const redis = new Redis({ path: server.socket, db: 3 })
    onTestFinished(() => redis.disconnect())
    expect(await redis.exists('rq:job:a')).toBe(1)
  })

  it('with a prefix that keeps stores apart', async () => {
    const server = await ownRedis()
    const one = await connectBroker(server.url('prefix=one'))
    onTestFinished(() => one.close())
    await work(await connectBroker(server.url('prefix=two')))
    expect(await one.queueList()).toEqual([])
  })

  it('with a password, or a user who may use these keys only', async () => {
    const rights = '~rq:* &rq:* +@all -@admin -@dangerous +info'
    const server = await ownRedis({ tcp: true, config: ['requirepass s3cret', `user app on >p%ss ${rights}`] })
    const at = `127.0.0.1:${server.port}`
    await work(await connectBroker(`redis://app:p%25ss@${at}`))
    const broker = await connectBroker(`redis://:s3cret@${at}/1`)
    onTestFinished(() => broker.close())
    expect(await broker.queueList()).toEqual([])
    for (const [url, reason] of [
      [`redis://${at}`, /wants a password/],
      [`redis://:wrong@${at}`, /password is wrong/],
    ] as const) {
      const attempt = connectBroker(url)
      await expect(attempt).rejects.toThrow(BrokerUnavailableError)
      await expect(attempt).rejects.toThrow(reason)
    }
  })

  it('over TLS, and not to whom it does not trust', async () => {
    const folder = await temporaryDirectory()
    openssl(
      folder,
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'key.pem',
      '-out',
      'cert.pem',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    )
    const port = await freePort()
    await ownRedis({
      config: [
        `tls-port ${port}`,
        `tls-cert-file ${join(folder, 'cert.pem')}`,
        `tls-key-file ${join(folder, 'key.pem')}`,
        'tls-auth-clients no',
      ],
    })
    await work(await connectBroker(`rediss://localhost:${port}?ca=${join(folder, 'cert.pem')}`))
    await expect(connectBroker(`rediss://localhost:${port}`)).rejects.toThrow(/certificate/)
  })

  it('by Sentinel, to the master', async () => {
    const server = await ownRedis({ tcp: true })
    const { port: sentinel } = await startSentinel(server)
    await work(await connectBroker(`redis+sentinel://127.0.0.1:${sentinel}/mymaster/2?patience=10s`))
    await expect(connectBroker(`redis+sentinel://127.0.0.1:${sentinel}/other?patience=0`)).rejects.toThrow(
      BrokerUnavailableError,
    )
  })

  it('to a cluster, and says how where it is not named as one', async () => {
    const servers = await startCluster()
    onTestFinished(async () => {
      for (const server of servers) await server.remove()
    })
    const ports = servers.map(({ port }) => port)
    // One node is enough to find the others.
    await work(await connectBroker(`redis+cluster://127.0.0.1:${ports[1]}?prefix={jobs}`))
    const stores = servers.map(({ socket }) => new Redis({ path: socket }))
    for (const redis of stores) onTestFinished(() => redis.disconnect())
    const there = await Promise.all(stores.map((redis) => redis.keys('*')))
    expect(there.filter((keys) => keys.length > 0)).toEqual([expect.arrayContaining(['{jobs}:job:a', '{jobs}:queues'])])
    const untagged = connectBroker(`redis+cluster://127.0.0.1:${ports[0]}?prefix=jobs`)
    await expect(untagged).rejects.toThrow("has the prefix 'jobs'; on a cluster it needs a tag, such as {jobs}")
    await expect(connectBroker(`redis://127.0.0.1:${ports[0]}`)).rejects.toThrow(
      /is a node of a cluster; use redis\+cluster:.*prefix=\{rq\}/,
    )
    const alone = await Promise.all(ports.map((port) => connectBroker(`redis://127.0.0.1:${port}?prefix={jobs}`)))
    for (const broker of alone) onTestFinished(() => broker.close())
    const answers = await Promise.allSettled(alone.map((broker) => broker.queueList()))
    const refused = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => String(reason))
    expect(refused).toHaveLength(2)
    for (const reason of refused) expect(reason).toMatch(/the keys are on another one; use redis\+cluster:/)
  })

  it('or says at once that nobody is there', async () => {
    const port = await freePort()
    const begin = performance.now()
    const attempt = connectBroker(`redis://user:s3cret@127.0.0.1:${port}`)
    await expect(attempt).rejects.toThrow(BrokerUnavailableError)
    await expect(attempt).rejects.toThrow(new RegExp(`^redis://127.0.0.1:${port}/0: cannot be reached.*ECONNREFUSED`))
    expect(performance.now() - begin).toBeLessThan(4000)
  })
})

describe('a process', () => {
  it('that only enqueues ends by itself, without a disconnect', async () => {
    const server = await ownRedis()
    const file = join(await temporaryDirectory(), 'produce.mjs')
    const job =
      "{ id: 'a', name: 'x', queue: 'default', args: '[]', createdAt: Date.now(), timeoutMs: -1, resultTtlMs: -1, failureTtlMs: -1 }"
    writeFileSync(
      file,
      `import { connectBroker } from ${JSON.stringify(DIST)}\nawait (await connectBroker(${JSON.stringify(server.url())})).jobEnqueue([${job}])\n`,
    )
    const child = spawn(process.execPath, [file], { stdio: 'inherit' })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(0)
    const broker = await connectBroker(server.url())
    onTestFinished(() => broker.close())
    expect(ids(await claim(broker))).toEqual(['a'])
  })
})
