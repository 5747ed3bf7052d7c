import type { JobGateway } from '../../job/gateway.ts'
import type { NewJob } from '../../job/record.ts'
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

function call(gateway: JobGateway, method: GatewayMethod, args: unknown[]): Promise<unknown> {
  switch (method) {
    case 'enqueue':
      return gateway.enqueue(args[0] as NewJob[])
    case 'fetch':
      return gateway.fetch(args[0] as string)
    case 'wait':
      return gateway.wait(args[0] as string, (args[1] as number | null) ?? undefined)
    case 'cancel':
      return gateway.cancel(args[0] as string)
    case 'stop':
      return gateway.stop(args[0] as string, args[1] as number)
  }
}
