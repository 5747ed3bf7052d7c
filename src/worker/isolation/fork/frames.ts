/**
 * Frames on a byte stream: length of header (u32 LE), length of body (u32 LE), header as JSON, body as raw bytes.
 * The body is kept out of the JSON so that arguments and results of many megabytes are copied, not escaped.
 */
export interface Frame<Header> {
  readonly header: Header
  readonly body: Buffer
}

const PREFIX_BYTES = 8
const EMPTY = Buffer.alloc(0)

export function encodeFrame(header: object, body: string | Buffer = EMPTY): Buffer {
  return encodeRawFrame(JSON.stringify(header), body)
}

/** @param text the header as JSON */
export function encodeRawFrame(text: string, body: string | Buffer): Buffer {
  const headerBytes = Buffer.byteLength(text)
  const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + headerBytes + bodyBytes)
  frame.writeUInt32LE(headerBytes, 0)
  frame.writeUInt32LE(bodyBytes, 4)
  frame.write(text, PREFIX_BYTES)
  if (typeof body === 'string') frame.write(body, PREFIX_BYTES + headerBytes)
  else body.copy(frame, PREFIX_BYTES + headerBytes)
  return frame
}

/** Cuts frames out of chunks as they arrive. */
export class FrameReader<Header> {
  #chunks: Buffer[] = []
  #bytes = 0
  /** Bytes that must be there before looking again is worth it: keeps a frame of many chunks linear. */
  #wanted = PREFIX_BYTES

  /** Whole frames that `chunk` completes, in order. */
  push(chunk: Buffer): Frame<Header>[] {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const frames: Frame<Header>[] = []
    while (this.#bytes >= this.#wanted) {
      const data = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
      const size = frameSize(data)
      if (data.length < size) {
        this.#chunks = [data]
        this.#wanted = size
        break
      }
      frames.push(decodeFrame<Header>(data, size))
      const rest = data.subarray(size)
      this.#chunks = rest.length > 0 ? [rest] : []
      this.#bytes = rest.length
      this.#wanted = PREFIX_BYTES
    }
    return frames
  }
}

function frameSize(data: Buffer): number {
  return data.length < PREFIX_BYTES ? PREFIX_BYTES : PREFIX_BYTES + data.readUInt32LE(0) + data.readUInt32LE(4)
}

function decodeFrame<Header>(data: Buffer, size: number): Frame<Header> {
  const bodyStart = PREFIX_BYTES + data.readUInt32LE(0)
  const header = JSON.parse(data.toString('utf8', PREFIX_BYTES, bodyStart)) as Header
  return { header, body: data.subarray(bodyStart, size) }
}
