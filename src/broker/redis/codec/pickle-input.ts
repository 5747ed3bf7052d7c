import { damagedPickle, LIMITS } from './payload-error.ts'
import { decodeUtf8 } from './utf8.ts'

/** The bytes of a pickle, from its beginning to its end. All methods throw PayloadError where it ends too early. */
export class PickleInput {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Where the next byte is. */
  get at(): number {
    return this.#at
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.skip(2))
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.skip(4))
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.skip(8))
  }

  long(length: number): number | bigint {
    const start = this.skip(length)
    if (length > 1024) throw damagedPickle(`it holds a number of ${length} bytes`)
    let value = 0n
    for (let index = start + length - 1; index >= start; index--)
      value = (value << 8n) | BigInt(this.#bytes[index] ?? 0)
    if (length > 0 && ((this.#bytes[start + length - 1] ?? 0) & 0x80) !== 0) value -= 1n << BigInt(length * 8)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  text(length: number): string {
    const start = this.skip(length)
    return decodeUtf8(this.#bytes.subarray(start, start + length))
  }

  raw(length: number): Uint8Array {
    const start = this.skip(length)
    return this.#bytes.subarray(start, start + length)
  }

  length4(): number {
    return this.#bytes.readUInt32LE(this.skip(4))
  }

  length8(): number {
    const length = this.#bytes.readBigUInt64LE(this.skip(8))
    if (length > BigInt(LIMITS.size)) throw damagedPickle(`it announces ${length} bytes`)
    return Number(length)
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at)
    if (end === -1 || end - this.#at > 500) throw damagedPickle('a name has no end')
    const start = this.#at
    this.#at = end + 1
    return this.#bytes.toString('latin1', start, end)
  }

  byte(): number {
    return this.#bytes[this.skip(1)] as number
  }

  /** Passes over so many bytes and returns where they begin. @throws PayloadError where there are fewer */
  skip(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw damagedPickle('it ends too early')
    this.#at = start + length
    return start
  }
}
