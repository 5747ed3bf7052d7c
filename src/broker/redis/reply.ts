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

/** Texts by name, of what a script has returned. */
export interface Fields {
  /** Undefined where it is absent or empty, which RQ writes for what is not set. */
  text(name: string): string | undefined
  /** Undefined where it is no number, too. */
  number(name: string): number | undefined
}

/** Of a flat list of names and values. */
export class Hash implements Fields {
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

  text(name: string): string | undefined {
    return this.#values.get(name)?.toString('utf8') || undefined
  }

  number(name: string): number | undefined {
    return toNumber(this.text(name))
  }

  #set(name: string, value: Reply | undefined): void {
    if (value !== null && value !== undefined) this.#values.set(name, asBytes(value))
  }
}

/** Of an object with texts, as JSON has it. */
export class TextFields implements Fields {
  readonly #texts: Readonly<Record<string, string | undefined>>

  constructor(texts: Readonly<Record<string, string | undefined>>) {
    this.#texts = texts
  }

  text(name: string): string | undefined {
    return this.#texts[name] || undefined
  }

  number(name: string): number | undefined {
    return toNumber(this.text(name))
  }
}

export function toNumber(text: string | undefined): number | undefined {
  const number = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

export function asBytes(reply: Reply | undefined): Buffer {
  return Buffer.isBuffer(reply) ? reply : Buffer.from(asText(reply))
}
