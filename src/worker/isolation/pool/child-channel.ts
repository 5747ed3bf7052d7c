import type { JobGateway } from '../../../job/gateway.ts'
import { GatewayCalls } from '../gateway-calls.ts'
import type { ChildWire, WireEvents } from './child-wire.ts'
import type { PoolReport } from './messages.ts'

/**
 * A pool child's end of its channel. It reads through the event loop, which has to turn between jobs for what they
 * have left there (idle connections, above all). It writes synchronously, so that nothing said is lost when the process
 * ends a moment later.
 */
export class ChildChannel {
  readonly #wire: ChildWire
  /** In the midst of a frame. */
  sending = false
  readonly #calls = new GatewayCalls((call, method, args) => this.send({ type: 'call', call, method }, args))

  constructor(open: (events: WireEvents) => ChildWire, events: WireEvents) {
    this.#wire = open({
      command: (frame) => {
        const { header, body } = frame
        if (header.type === 'reply') this.#calls.answer(header.call, header.ok, body.toString())
        else events.command(frame)
      },
      ended: () => events.ended(),
    })
  }

  /** What job code reaches its broker by: the supervisor does it, for a child holds no broker credentials. */
  get gateway(): JobGateway {
    return this.#calls.gateway
  }

  /** Whether waiting for commands keeps the event loop alive. */
  hold(keeps: boolean): void {
    this.#wire.hold(keeps)
  }

  send(report: PoolReport, body = ''): void {
    this.sending = true
    try {
      this.#wire.send(JSON.stringify(report), body)
    } catch (error) {
      const { code } = error as { code?: string }
      // The supervisor is gone: the channel's end, which ends this process, is about to be seen.
      if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error
    } finally {
      this.sending = false
    }
  }
}
