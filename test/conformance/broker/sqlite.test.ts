import path from 'node:path'
import { type Broker, connectBroker } from '../../../src/broker/index.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { describeBroker } from './broker-suite.ts'

describeBroker('SQLite', {
  async open() {
    const url = `sqlite:${path.join(await temporaryDirectory(), 'jobs.db')}`
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
