import type { HookName } from '../../../job/hooks.ts'
import type { HorseLimits } from '../fork/messages.ts'
import type { BeginWord } from './begin-word.ts'
import type { ChildChannel } from './child-channel.ts'
import type { ChildWire, WireEvents } from './child-wire.ts'

/** What a pool child asks of the operating system, forked or spawned. */
export interface ChildSystem {
  /** Ends the process now. */
  exit(code: number): never
  hasHooks(name: HookName): boolean
  /** What is shared with the supervisor so that jobs can be given ahead. Absent where nothing is. */
  readonly begins?: BeginWord
  /** Bytes in the file behind a descriptor. */
  fileSize(descriptor: number): number
  openWire(descriptor: number, events: WireEvents): ChildWire
  /** Has the kernel keep them; returns what puts back what was before. Absent where there is no addon to do it. */
  takeLimits?(limits: HorseLimits): () => void
  /**
   * Calls back, once, when nothing but the channel is left that could wake the event loop, whether a job runs then or
   * not. Called again before that, it does nothing more.
   */
  onLoopEmpty(channel: ChildChannel, callback: () => void): void
  /** Calls back, in the midst of whatever JavaScript runs, when this signal comes. Absent where it cannot. */
  readonly onInterruptSignal?: (signal: number, callback: () => void) => void
}
