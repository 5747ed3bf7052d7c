const VARINT = 0
const BYTES = 2

/** As much of the protocol buffers' wire format as a profile needs. Zeros are not written: they are the default. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = []

  integer(field: number, value: number): this {
    if (value !== 0) this.#parts.push(varint(field * 8 + VARINT), varint(value))
    return this
  }

  packed(field: number, values: readonly number[]): this {
    return this.#bytes(field, Buffer.concat(values.map(varint)))
  }

  text(field: number, value: string): this {
    return this.#bytes(field, Buffer.from(value))
  }

  message(field: number, value: ProtobufWriter): this {
    return this.#bytes(field, value.finish())
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varint(field * 8 + BYTES), varint(value.length), value)
    return this
  }
}

/** Seven bits at a time, the lowest first. Divides where shifting would cut at 32 bits. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
