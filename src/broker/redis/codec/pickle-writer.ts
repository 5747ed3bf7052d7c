import type { JsonValue } from '../../../job/json.ts'
import { encodeUtf8 } from './utf8.ts'

/**
 * JSON values as a pickle of protocol 4, without frames or memo, which every Python 3 reads.
 * Whole numbers become int, all others float; there is no telling 5.0 from 5 in JSON.
 */
export function writePickle(value: JsonValue): Buffer {
  const writer = new PickleWriter()
  writer.value(value)
  return writer.end()
}

/** RQ's `(func_name, instance, args, kwargs)`. */
export function writePickledCall(name: string, args: readonly JsonValue[]): Buffer {
  const writer = new PickleWriter()
  writer.call(name, args)
  return writer.end()
}

class PickleWriter {
  readonly #parts: Buffer[] = [Buffer.from([0x80, 4])]

  end(): Buffer {
    return Buffer.concat([...this.#parts, Buffer.from('.')])
  }

  call(name: string, args: readonly JsonValue[]): void {
    this.#op('(')
    this.#text(name)
    this.#op('N(')
    for (const arg of args) this.value(arg)
    this.#op('t}t')
  }

  value(value: JsonValue | undefined): void {
    if (value === null || value === undefined) this.#op('N')
    else if (value === true) this.#parts.push(Buffer.from([0x88]))
    else if (value === false) this.#parts.push(Buffer.from([0x89]))
    else if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (Array.isArray(value)) this.#list(value as readonly JsonValue[])
    else this.#dict(value as { readonly [key: string]: JsonValue | undefined })
  }

  #list(items: readonly JsonValue[]): void {
    this.#op('](')
    for (const item of items) this.value(item)
    this.#op('e')
  }

  #dict(object: { readonly [key: string]: JsonValue | undefined }): void {
    this.#op('}(')
    for (const [key, value] of Object.entries(object)) {
      this.#text(key)
      this.value(value)
    }
    this.#op('u')
  }

  #text(text: string): void {
    const bytes = encodeUtf8(text)
    const head = Buffer.alloc(5)
    head.write('X', 'latin1')
    head.writeUInt32LE(bytes.length, 1)
    this.#parts.push(head, bytes)
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const bytes = Buffer.alloc(9)
      bytes.write('G', 'latin1')
      bytes.writeDoubleBE(value, 1)
      this.#parts.push(bytes)
    } else if (value >= -(2 ** 31) && value < 2 ** 31) {
      const bytes = Buffer.alloc(5)
      bytes.write('J', 'latin1')
      bytes.writeInt32LE(value, 1)
      this.#parts.push(bytes)
    } else {
      const bytes = Buffer.alloc(10)
      bytes[0] = 0x8a
      bytes[1] = 8
      bytes.writeBigInt64LE(BigInt(value), 2)
      this.#parts.push(bytes)
    }
  }

  #op(codes: string): void {
    this.#parts.push(Buffer.from(codes, 'latin1'))
  }
}
