import type { JobGateway } from '../../job/gateway.ts'
import { type CarriedError, reviveError } from './carried-error.ts'
import type { GatewayMethod } from './gateway-method.ts'
import { remoteGateway } from './remote-gateway.ts'

interface PendingCall {
  resolve(body: string): void
  reject(error: Error): void
}

/** What a job in a process of its own asks of its supervisor's broker, and what it still waits to hear. */
export class GatewayCalls {
  readonly #ask: (call: number, method: GatewayMethod, args: string) => void
  readonly #pending = new Map<number, PendingCall>()
  #lastCall = 0
  #hold: NodeJS.Timeout | undefined

  /** @param ask sends a question; `args` is a JSON array */
  constructor(ask: (call: number, method: GatewayMethod, args: string) => void) {
    this.#ask = ask
  }

  get gateway(): JobGateway {
    return remoteGateway((method, args) => this.#call(method, args))
  }

  /** @param body JSON text: the value where `ok`, else a CarriedError */
  answer(call: number, ok: boolean, body: string): void {
    const pending = this.#pending.get(call)
    this.#pending.delete(call)
    if (this.#pending.size === 0) {
      clearInterval(this.#hold)
      this.#hold = undefined
    }
    if (ok) pending?.resolve(body)
    else pending?.reject(reviveError(JSON.parse(body) as CarriedError))
  }

  #call(method: GatewayMethod, args: readonly unknown[]): Promise<string> {
    const call = ++this.#lastCall
    // An answer is on its way: the event loop is not empty, though nothing but the channel may be open.
    this.#hold ??= setInterval(() => {}, 2 ** 30)
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject })
      this.#ask(call, method, JSON.stringify(args))
    })
  }
}
