import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { type Frame, FrameReader } from '../fork/frames.ts'

/** All sockets read into it, one after another: a new buffer for each read is what costs most of a short message. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024)

/** A socket on `fd` that hands over whole frames. */
export function frameSocket<Header>(
  fd: number,
  options: Pick<SocketConstructorOpts, 'readable' | 'writable' | 'allowHalfOpen'>,
  onFrame: (frame: Frame<Header>) => void,
): Socket {
  const reader = new FrameReader<Header>()
  const callback = (length: number): boolean => {
    for (const frame of reader.push(Buffer.from(buffer.subarray(0, length)))) onFrame(frame)
    return true
  }
  // The constructor takes `onread`, though @types/node knows it of connect() only.
  const all: SocketConstructorOpts & { readonly onread: OnReadOpts } = { fd, ...options, onread: { buffer, callback } }
  return new Socket(all)
}
