import { LIMITS, PayloadError, USE_JSON } from './payload-error.ts'
import { PickleSet, PickleTuple, type PickleValue } from './pickle-value.ts'

/**
 * JSON text of a pickled value: tuples and sets become arrays, keys that are numbers become texts, as Python's own json
 * does it. What JSON cannot carry without loss is refused, with its path.
 * One value may be referred to many times; the text is bounded, so that a small pickle cannot become a huge one.
 * @throws PayloadError
 */
export function pickleToJson(value: PickleValue, path: string): string {
  const writer = new JsonWriter()
  writer.write(value, path, 0)
  return writer.text()
}

class JsonWriter {
  readonly #parts: string[] = []
  #length = 0
  readonly #ancestors = new Set<object>()

  text(): string {
    return this.#parts.join('')
  }

  write(value: PickleValue, path: string, depth: number): void {
    if (depth > LIMITS.depth) throw refused(path, `more than ${LIMITS.depth} levels of nesting`)
    if (value === null || typeof value === 'boolean') return this.#add(String(value))
    if (typeof value === 'string') return this.#add(JSON.stringify(value))
    if (typeof value === 'number') return this.#number(value, path)
    if (typeof value === 'bigint') throw refused(path, `the whole number ${shorten(value)}, too large for JavaScript`)
    if (value instanceof Uint8Array) throw refused(path, `${value.length} bytes`)
    if (this.#ancestors.has(value)) throw refused(path, 'a list or dict that contains itself')
    this.#ancestors.add(value)
    if (value instanceof Map) this.#dict(value, path, depth)
    else this.#list(Array.isArray(value) ? value : value.items, path, depth)
    this.#ancestors.delete(value)
  }

  #number(value: number, path: string): void {
    if (!Number.isFinite(value)) throw refused(path, `the number ${value}`)
    this.#add(Object.is(value, -0) ? '-0' : String(value))
  }

  #list(items: readonly PickleValue[], path: string, depth: number): void {
    this.#add('[')
    for (let index = 0; index < items.length; index++) {
      if (index > 0) this.#add(',')
      this.write(items[index] as PickleValue, `${path}[${index}]`, depth + 1)
    }
    this.#add(']')
  }

  #dict(map: ReadonlyMap<PickleValue, PickleValue>, path: string, depth: number): void {
    const given = new Set<string>()
    this.#add('{')
    for (const [key, value] of map) {
      const name = keyName(key, path)
      if (given.size > 0) this.#add(',')
      if (given.has(name)) throw refused(path, `two keys that are '${name}' as text`)
      given.add(name)
      this.#add(`${JSON.stringify(name)}:`)
      this.write(value, `${path}.${name}`, depth + 1)
    }
    this.#add('}')
  }

  #add(text: string): void {
    this.#length += text.length
    if (this.#length > LIMITS.size) throw new PayloadError(`the payload is more than ${LIMITS.size} characters as JSON`)
    this.#parts.push(text)
  }
}

/** As Python's json.dumps names the keys of a dict. */
function keyName(key: PickleValue, path: string): string {
  if (typeof key === 'string') return key
  if (key === null) return 'null'
  if (typeof key === 'boolean' || typeof key === 'bigint') return String(key)
  if (typeof key === 'number') return String(key)
  const what = key instanceof PickleTuple ? 'tuple' : key instanceof PickleSet ? 'set' : 'value'
  throw refused(path, `a dict with a ${what} as key`)
}

function refused(path: string, what: string): PayloadError {
  return new PayloadError(`${path} is or holds ${what}, which JSON cannot carry; pass text instead, or ${USE_JSON}`)
}

function shorten(value: bigint): string {
  const text = String(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
