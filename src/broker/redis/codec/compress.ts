import { promisify } from 'node:util'
import { deflate, deflateSync, inflateSync } from 'node:zlib'
import { LIMITS, PayloadError } from './payload-error.ts'

const deflateLater = promisify(deflate)

/** Below it, compressing costs more than it saves. RQ's readers take data that is not compressed as it is. */
const SMALL = 2048
/** Above it, compressing would hold up the event loop. */
const LARGE = 128 * 1024

/** Of what is not compressed. */
export function isSmall(text: string): boolean {
  return text.length < SMALL && Buffer.byteLength(text) < SMALL
}

/** As RQ does, but for small ones. Fast rather than tight. */
export async function compress(bytes: Buffer): Promise<Buffer> {
  if (bytes.length < SMALL) return bytes
  return bytes.length < LARGE ? deflateSync(bytes, { level: 1 }) : deflateLater(bytes, { level: 1 })
}

/** RQ reads tracebacks only where they are compressed. */
export function compressText(text: string): Buffer {
  return deflateSync(text, { level: 1 })
}

/** @throws PayloadError where it inflates to too much */
export function decompress(bytes: Buffer): Buffer {
  if (!looksCompressed(bytes)) return bytes
  try {
    return inflateSync(bytes, { maxOutputLength: LIMITS.size })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new PayloadError(`the payload inflates to more than ${LIMITS.size} bytes; store the data and pass its key`)
    }
    // RQ falls back to the bytes themselves, too.
    return bytes
  }
}

/** zlib's header: deflate in the low bits, and the two bytes divide by 31. */
function looksCompressed(bytes: Buffer): boolean {
  const [first = 0, second = 0] = bytes
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}
