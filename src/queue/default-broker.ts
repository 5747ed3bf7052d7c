import type { Broker } from '../broker/broker.ts'
import { connectBroker } from '../broker/connect.ts'
import { configuredBroker } from '../config/configure.ts'
import { resolveSettings } from '../config/settings.ts'
import { singleton } from '../support/singleton.ts'

interface DefaultBroker {
  opening: Promise<Broker> | undefined
}

const state = singleton('default-broker', (): DefaultBroker => ({ opening: undefined }))

/** The broker that job definitions of this process use; opened at the first use, once. */
export function defaultBroker(): Promise<Broker> {
  state.opening ??= open().catch((error: unknown) => {
    state.opening = undefined
    throw error
  })
  return state.opening
}

/**
 * Close the broker that enqueues have opened. A producer that does not call this can end all the same;
 * the next enqueue opens it again.
 */
export async function disconnect(): Promise<void> {
  const { opening } = state
  state.opening = undefined
  await (await opening)?.close()
}

async function open(): Promise<Broker> {
  const settings = await resolveSettings({ broker: configuredBroker() })
  return connectBroker(settings.brokerUrl, { cwd: settings.brokerFolder })
}
