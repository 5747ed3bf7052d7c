import { FrameReader } from '../fork/frames.ts'
import type { Native } from '../fork/native.ts'
import type { ChildWire, WireEvents } from './child-wire.ts'
import type { PoolCommand } from './messages.ts'

export type WireNative = Pick<Native, 'sendFrame' | 'watchReadable'>

/** A channel through the addon: what a Socket does for each message costs more than most messages are worth. */
export function openAddonWire(native: WireNative, descriptor: number, events: WireEvents): ChildWire {
  const reader = new FrameReader<PoolCommand>()
  native.watchReadable(descriptor, (chunk) => {
    if (chunk === null) return events.ended()
    for (const frame of reader.push(chunk)) events.command(frame)
  })
  return {
    send: (header, body) => native.sendFrame(descriptor, header, body),
    // The channel is one of the handles that onLoopEmpty() is told to leave out of account.
    hold: () => {},
  }
}
