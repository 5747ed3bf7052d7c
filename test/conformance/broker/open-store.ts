import type { Broker } from '../../../src/broker/index.ts'

/** One store, and as many brokers on it as are asked for; all are closed together. */
export async function openStore(connect: () => Promise<Broker>) {
  const opened: Broker[] = []
  const open = async () => {
    const broker = await connect()
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
}
