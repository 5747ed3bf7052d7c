import { singleton } from '../support/singleton.ts'
import type { JobGateway } from './gateway.ts'

type Provider = () => JobGateway | Promise<JobGateway>

const state = singleton('gateway', (): { provider: Provider | undefined } => ({ provider: undefined }))

/**
 * Says how this process reaches its jobs: over a broker in producers and supervisors, over the report pipe in horses.
 * The default is set by the package's entry point, so that nothing here needs to import a broker.
 */
export function setGatewayProvider(provider: Provider): void {
  state.provider = provider
}

/** The default of the entry point gives way to whatever was set on purpose before. */
export function setDefaultGatewayProvider(provider: Provider): void {
  state.provider ??= provider
}

export async function currentGateway(): Promise<JobGateway> {
  if (state.provider === undefined) throw new Error('[BUG] no gateway provider was set in this process')
  return state.provider()
}
