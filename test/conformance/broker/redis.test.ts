import { type Broker, connectBroker } from '../../../src/broker/index.ts'
import { sharedRedis } from '../../support/redis-server.ts'
import { describeBroker } from './broker-suite.ts'

const redis = sharedRedis()
let stores = 0

/** Many stores in one server: each has a prefix of its own, with a tag, as on a cluster. */
describeBroker('Redis', {
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
})
