import type { JobGateway } from '../../job/gateway.ts'
import type { GatewayMethod } from './gateway-method.ts'

/** Asks the supervisor; resolves to the answer as JSON text. */
export type GatewayCall = (method: GatewayMethod, args: readonly unknown[]) => Promise<string>

/** The gateway of a process that holds no broker: every question goes to its supervisor. */
export function remoteGateway(call: GatewayCall): JobGateway {
  const ask = async <T>(method: GatewayMethod, ...args: readonly unknown[]): Promise<T> =>
    (JSON.parse(await call(method, args)) ?? undefined) as T
  return {
    enqueue: (jobs) => ask('enqueue', jobs),
    fetch: (id) => ask('fetch', id),
    wait: (id, timeoutMs) => ask('wait', id, timeoutMs),
    cancel: (id, options) => ask('cancel', id, options),
    stop: (id, graceMs) => ask('stop', id, graceMs),
    requeue: (id) => ask('requeue', id),
    delete: (id) => ask('delete', id),
    results: (id) => ask('results', id),
    groupFetch: (name) => ask('groupFetch', name),
    groupDelete: (name) => ask('groupDelete', name),
  }
}
