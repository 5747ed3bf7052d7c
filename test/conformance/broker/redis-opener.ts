import { afterAll } from 'vitest'
import { type Broker, connectBroker } from '../../../src/broker/index.ts'
import { startCluster } from '../../support/redis-cluster.ts'
import { type RedisServer, type RedisServerOptions, sharedRedis } from '../../support/redis-server.ts'
import type { StoreOpener } from './broker-suite.ts'

/** Many stores in one server. Called at the top of the file. */
export function redisOpener(options: RedisServerOptions = {}): StoreOpener {
  const redis = sharedRedis(options)
  return prefixOpener(async (prefix) => (await redis()).url(`prefix=${prefix}`))
}

/** Many stores in one cluster of three nodes: each is in one slot, and so on any of them. Called at the top of the file. */
export function clusterOpener(): StoreOpener {
  let cluster: Promise<readonly RedisServer[]> | undefined
  afterAll(async () => {
    for (const server of (await cluster) ?? []) await server.remove()
  })
  return prefixOpener(async (prefix) => {
    cluster ??= startCluster()
    const nodes = (await cluster).map(({ port }) => `127.0.0.1:${port}`)
    return `redis+cluster://${nodes.join(',')}?patience=10s&prefix=${prefix}`
  })
}

/** Each store has a prefix of its own, with a tag. */
function prefixOpener(urlOf: (prefix: string) => Promise<string>): StoreOpener {
  let stores = 0
  return {
    async open() {
      const url = await urlOf(`{store-${++stores}}`)
      const opened: Broker[] = []
      const open = async () => {
        const broker = await connectBroker(url)
        opened.push(broker)
        return broker
      }
      return {
        broker: await open(),
        reopen: open,
        close: async () => {
          for (const broker of opened) await broker.close()
        },
      }
    },
  }
}
