import path from 'node:path'
import { connectBroker } from '../../../src/broker/index.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { describeBroker } from './broker-suite.ts'
import { openStore } from './open-store.ts'

/** The default is the best one that is here; libsql is what a user of Node 20 has. */
for (const driver of ['', 'libsql']) {
  describeBroker(`SQLite${driver && ` by ${driver}`}`, {
    async open() {
      const url = `sqlite:${path.join(await temporaryDirectory(), 'jobs.db')}`
      return openStore(async () => {
        process.env['WORKHORSE_SQLITE'] = driver
        const broker = await connectBroker(url)
        delete process.env['WORKHORSE_SQLITE']
        return broker
      })
    },
  })
}
