import type { Reply } from './connection.ts'

/** Reading what scripts return: texts are Buffers, absent values null. */

export function asList(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : []
}

export function asText(reply: Reply | undefined): string {
  return reply === null || reply === undefined ? '' : reply.toString()
}

export function asTexts(reply: Reply | undefined): string[] {
  return asList(reply).map(asText)
}

export function asNumber(reply: Reply | undefined): number {
  return Number(asText(reply) || 0)
}

export function asOptionalNumber(reply: Reply | undefined): number | undefined {
  return reply === null || reply === undefined ? undefined : Number(reply.toString())
}

/** Of a flat list of names and values. */
export class Hash {
  readonly #values = new Map<string, Buffer>()

  constructor(flat: readonly Reply[]) {
    for (let index = 0; index + 1 < flat.length; index += 2) this.#set(asText(flat[index]), flat[index + 1])
  }

  get isEmpty(): boolean {
    return this.#values.size === 0
  }

  bytes(name: string): Buffer | undefined {
    return this.#values.get(name)
  }

  /** Undefined where it is absent or empty, which RQ writes for what is not set. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.toString('utf8') || undefined
  }

  number(name: string): number | undefined {
    const text = this.text(name)
    const number = text === undefined ? Number.NaN : Number(text)
    return Number.isFinite(number) ? number : undefined
  }

  #set(name: string, value: Reply | undefined): void {
    if (value !== null && value !== undefined) this.#values.set(name, toBuffer(value))
  }
}

function toBuffer(value: Reply): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(asText(value))
}
