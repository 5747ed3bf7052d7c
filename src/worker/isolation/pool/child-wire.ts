import type { Frame } from '../fork/frames.ts'
import type { PoolCommand } from './messages.ts'

/** A pool child's channel as its system carries it. */
export interface ChildWire {
  /** Writes a whole frame, waiting where the supervisor is slow: nothing said is lost when the process ends then. */
  send(header: string, body: string): void
  /** Whether waiting for commands keeps the event loop alive. */
  hold(keeps: boolean): void
}

export interface WireEvents {
  command(frame: Frame<PoolCommand>): void
  /** The supervisor is gone, or has hung up. */
  ended(): void
}
