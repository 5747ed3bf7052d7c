import { describe, expect, it, onTestFinished } from 'vitest'
import { connectBroker } from '../../../src/broker/index.ts'
import { valkeyServer } from '../../support/newer.ts'
import { ownRedis } from '../../support/redis-server.ts'
import { describeBroker } from './broker-suite.ts'
import { redisOpener } from './redis-opener.ts'

const valkey = valkeyServer()

if (valkey.path === undefined) it.skip(`Valkey broker: ${valkey.reason}`)
else {
  const { path } = valkey
  describeBroker('Valkey', redisOpener({ binary: path }))

  describe('Valkey', () => {
    it('is named as what it is, by its own URLs', async () => {
      const server = await ownRedis({ binary: path, tcp: true, config: ['requirepass s3cret'] })
      for (const url of [
        `valkey://:s3cret@127.0.0.1:${server.port}/2`,
        `valkey+unix://:s3cret@${server.socket}?db=2`,
      ]) {
        const broker = await connectBroker(url)
        onTestFinished(() => broker.close())
        expect((await broker.storeReport()).facts).toEqual([
          expect.stringMatching(/^Valkey \d+\.\d+\.\d+, no appendonly/),
        ])
      }
    })
  })
}
