import { type Broker, connectBroker } from '../../../src/broker/index.ts'
import { type RedisServerOptions, sharedRedis } from '../../support/redis-server.ts'
import type { StoreOpener } from './broker-suite.ts'

/** Many stores in one server: each has a prefix of its own, with a tag, as on a cluster. Called at the top of the file. */
export function redisOpener(options: RedisServerOptions = {}): StoreOpener {
  const redis = sharedRedis(options)
  let stores = 0
  return {
    async open() {
      const server = await redis()
      const url = server.url(`prefix={store-${++stores}}`)
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
