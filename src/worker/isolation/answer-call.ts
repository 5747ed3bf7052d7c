import type { JobGateway } from '../../job/gateway.ts'
import { carryError } from './carried-error.ts'
import type { GatewayMethod } from './gateway-method.ts'

export type Answer =
  | { readonly ok: true /** JSON text. */; readonly body: string }
  | { readonly ok: false /** A CarriedError as JSON text. */; readonly body: string }

/** Carries out what a job in another process asks of the broker. */
export async function answerCall(gateway: JobGateway, method: GatewayMethod, args: string): Promise<Answer> {
  try {
    const value = await call(gateway, method, JSON.parse(args) as unknown[])
    return { ok: true, body: JSON.stringify(value ?? null) }
  } catch (error) {
    return { ok: false, body: JSON.stringify(carryError(error)) }
  }
}

function call(gateway: JobGateway, method: GatewayMethod, args: readonly unknown[]): Promise<unknown> {
  if (!Object.hasOwn(gateway, method)) throw new Error(`[BUG] a job asked its supervisor for '${method}'`)
  const answer = gateway[method] as (...args: readonly unknown[]) => Promise<unknown>
  // JSON has no undefined: an argument that was left out arrives as null.
  return answer(...args.map((arg) => arg ?? undefined))
}
