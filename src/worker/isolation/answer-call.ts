import type { JobGateway } from '../../job/gateway.ts'
import type { NewJob } from '../../job/record.ts'
import type { GatewayMethod } from './gateway-method.ts'

export type Answer =
  | { readonly ok: true /** JSON text. */; readonly body: string }
  | { readonly ok: false; readonly errorName: string /** The error's message. */; readonly body: string }

/** Carries out what a job in another process asks of the broker. Errors travel as name and message. */
export async function answerCall(gateway: JobGateway, method: GatewayMethod, args: string): Promise<Answer> {
  try {
    const value = await call(gateway, method, JSON.parse(args) as unknown[])
    return { ok: true, body: JSON.stringify(value ?? null) }
  } catch (error) {
    const { name, message } = error as Error
    return { ok: false, errorName: name, body: message }
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
  }
}
