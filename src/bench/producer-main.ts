import { connectBroker } from '../broker/connect.ts'
import { setGatewayProvider } from '../job/gateway-provider.ts'
import { brokerGateway } from '../queue/broker-gateway.ts'
import { since } from './own-jobs.ts'

/**
 * A producer in a process of its own: enqueues one job after another, each when the one before has ended and the
 * worker is idle again, and sends home how long each took to be entered.
 * Arguments: broker URL, number of jobs.
 */
const [url, count] = process.argv.slice(2) as [string, string]
const broker = await connectBroker(url)
setGatewayProvider(() => brokerGateway(broker))

const latencies: number[] = []
for (let i = 0; i < Number(count); i++) {
  const handle = await since.enqueue(String(process.hrtime.bigint()))
  latencies.push(await handle.result())
  // Long enough for a worker to have forked its next horse and to sleep.
  await new Promise((resolve) => setTimeout(resolve, 20))
}
process.send?.(latencies)
await broker.close()
process.disconnect?.()
