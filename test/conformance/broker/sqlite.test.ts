import path from 'node:path'
import { type Broker, connectBroker } from '../../../src/broker/index.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { describeBroker } from './broker-suite.ts'

/** The default is the best one that is here; libsql is what a user of Node 20 has. */
for (const driver of ['', 'libsql']) {
  describeBroker(`SQLite${driver && ` by ${driver}`}`, {
    async open() {
      const url = `sqlite:${path.join(await temporaryDirectory(), 'jobs.db')}`
      const opened: Broker[] = []
      const open = async () => {
        process.env['WORKHORSE_SQLITE'] = driver
        const broker = await connectBroker(url)
        delete process.env['WORKHORSE_SQLITE']
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
}
