import type { Broker } from '../broker.ts'
import { RedisBroker } from './redis-broker.ts'
import { assertSupported } from './server-info.ts'
import { Store } from './store.ts'
import { parseRedisUrl } from './url.ts'

/** Connects to the Redis or Valkey that `url` names. @throws UsageError, @throws BrokerUnavailableError */
export async function openRedisBroker(url: string): Promise<Broker> {
  const store = await Store.open(parseRedisUrl(url))
  try {
    await assertSupported(store)
  } catch (error) {
    store.close()
    throw error
  }
  return new RedisBroker(store)
}
