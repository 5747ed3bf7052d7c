import { writeSync } from 'node:fs'
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { encodeRawFrame, FrameReader } from '../fork/frames.ts'
import type { ChildWire, WireEvents } from './child-wire.ts'
import type { PoolCommand } from './messages.ts'

const WAIT_MS = 1
const nothing = new Int32Array(new SharedArrayBuffer(4))

/** A channel without the addon. */
export function openSocketWire(descriptor: number, events: WireEvents): ChildWire {
  const socket = openSocket(descriptor, events)
  socket.on('close', () => events.ended())
  // Followed by `close`.
  socket.on('error', () => {})
  return {
    send: (header, body) => writeWhole(descriptor, encodeRawFrame(header, body)),
    hold: (keeps) => void (keeps ? socket.ref() : socket.unref()),
  }
}

function openSocket(fd: number, events: WireEvents): Socket {
  const reader = new FrameReader<PoolCommand>()
  // A new buffer for each read is what costs most of a short message.
  const buffer = Buffer.allocUnsafeSlow(64 * 1024)
  const callback = (length: number): boolean => {
    for (const frame of reader.push(Buffer.from(buffer.subarray(0, length)))) events.command(frame)
    return true
  }
  // The constructor takes `onread`, though @types/node knows it of connect() only.
  const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
    fd,
    readable: true,
    writable: false,
    onread: { buffer, callback },
  }
  return new Socket(options)
}

function writeWhole(descriptor: number, frame: Buffer): void {
  let written = 0
  while (written < frame.length) {
    try {
      written += writeSync(descriptor, frame, written)
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error
      // The socket belongs to the event loop and does not block. This much unread is rare, and somebody reads.
      Atomics.wait(nothing, 0, 0, WAIT_MS)
    }
  }
}
