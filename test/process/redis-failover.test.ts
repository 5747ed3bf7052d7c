import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectBroker } from '../../src/broker/index.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/jobs.ts'
import { startSentinel } from '../support/redis-sentinel.ts'
import { ownRedis } from '../support/redis-server.ts'
import { workplace } from '../support/worker.ts'

const LONG = { timeoutMs: 40_000 }

describe('a failover by Sentinel', () => {
  it('loses nothing that a replica has: jobs that run go on, and the log tells of it once', {
    timeout: 120_000,
  }, async () => {
    const master = await ownRedis({ tcp: true, config: ['repl-diskless-sync-delay 0'] })
    const replica = await ownRedis({ tcp: true, config: [`replicaof 127.0.0.1 ${master.port}`] })
    const sentinel = await startSentinel(master, [
      'sentinel down-after-milliseconds mymaster 500',
      'sentinel failover-timeout mymaster 4000',
    ])
    await sentinel.knowsReplicas(1)
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster/0`
    const place = await workplace('inline', `${url}?patience=1s`)
    const producer = await connectBroker(`${url}?patience=30s`)
    onTestFinished(() => producer.close())
    const operator = new Redis({
      path: master.socket,
      enableOfflineQueue: false,
      lazyConnect: true,
      retryStrategy: () => null,
    })
    operator.on('error', () => {})
    onTestFinished(() => operator.disconnect())
    await operator.connect()
    await eventually(async () => expect(await operator.wait(1, 1000)).toBe(1), LONG)

    place.start({ concurrency: 4, lease: '3s' })
    const long = await place.enqueue('sleep', [6000])
    const acknowledged: string[] = []
    const uncertain: string[] = []
    let stop = false
    let isOver = false
    const produce = async () => {
      for (let n = 0; !stop; n++) {
        const id = `load-${n}`
        const isNewMaster = isOver
        await producer.jobEnqueue([newJob({ id, name: 'add', args: '[1, 1]' })])
        // Replication is asynchronous: a dying master may take along what it has acknowledged just before.
        const kept = isNewMaster || (await isReplicated(operator))
        ;(kept ? acknowledged : uncertain).push(id)
      }
    }
    const producing = produce()
    await eventually(() => expect(acknowledged.length).toBeGreaterThan(50), LONG)
    await master.stop('SIGKILL')
    await sentinel.masterIs(replica.port)
    isOver = true
    const before = acknowledged.length
    // Stored in the new master, by the same producer, which has noticed nothing but a pause.
    await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 20), LONG)
    stop = true
    await producing
    for (const id of [long, ...acknowledged]) {
      const record = await producer.jobWait(id, LONG)
      expect(record?.state, id).toBe('finished')
    }
    const lines = (event: string) => place.log.filter((line) => line.includes(`"${event}"`))
    // A failover within the worker's patience is not worth a word.
    expect(lines('broker.failed').length).toBeLessThanOrEqual(1)
    expect(lines('broker.back')).toHaveLength(lines('broker.failed').length)
  })
})

/** Whether a replica has all that the master had when this was asked. */
async function isReplicated(operator: Redis): Promise<boolean> {
  try {
    await operator.incr('barrier')
    return (await operator.wait(1, 1000)) === 1
  } catch {
    return false
  }
}
