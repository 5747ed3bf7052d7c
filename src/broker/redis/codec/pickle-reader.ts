import { LIMITS, PayloadError, USE_JSON } from './payload-error.ts'
import { decodeUtf8 } from './utf8.ts'

/**
 * Python's pickle, as far as it is data: numbers, texts, bytes, lists, tuples, dicts and sets, of protocols 2 to 5. Whatever
 * names a class or a function is refused by that name: nothing is ever looked up or called.
 * A pickle is a program for a stack machine; each opcode here is one line of its manual (pickletools.py).
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleSet
  | Map<PickleValue, PickleValue>

export class PickleTuple {
  readonly items: PickleValue[]
  constructor(items: PickleValue[]) {
    this.items = items
  }
}

export class PickleSet {
  readonly items: PickleValue[]
  constructor(items: PickleValue[] = []) {
    this.items = items
  }
}

const MARK = Symbol('mark')

/** Opcodes that import, call or build, by their names in pickletools. */
const REFUSED: Readonly<Record<number, string>> = {
  82: 'REDUCE',
  98: 'BUILD',
  129: 'NEWOBJ',
  146: 'NEWOBJ_EX',
  105: 'INST',
  111: 'OBJ',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  80: 'PERSID',
  81: 'BINPERSID',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
}

/** @throws PayloadError */
export function readPickle(bytes: Uint8Array): PickleValue {
  return new PickleReader(bytes).read()
}

class PickleReader {
  readonly #bytes: Buffer
  #at = 0
  #stack: (PickleValue | typeof MARK)[] = []
  readonly #memo = new Map<number, PickleValue>()
  #values = 0
  #containers = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  read(): PickleValue {
    for (;;) {
      const code = this.#byte()
      if (code === 0x2e) return this.#result()
      this.#step(code)
    }
  }

  #result(): PickleValue {
    const value = this.#pop()
    if (this.#stack.length > 0) throw damaged('values are left over at its end')
    return value
  }

  #step(code: number): void {
    switch (code) {
      case 0x80:
        return this.#protocol()
      case 0x95: // FRAME: a hint for readers of files
        return void this.#skip(8)
      case 0x4e:
        return this.#push(null)
      case 0x88:
        return this.#push(true)
      case 0x89:
        return this.#push(false)
      case 0x4b:
        return this.#push(this.#byte())
      case 0x4d:
        return this.#push(this.#bytes.readUInt16LE(this.#skip(2)))
      case 0x4a:
        return this.#push(this.#bytes.readInt32LE(this.#skip(4)))
      case 0x8a:
        return this.#push(this.#long(this.#byte()))
      case 0x8b:
        return this.#push(this.#long(this.#length4()))
      case 0x47:
        return this.#push(this.#bytes.readDoubleBE(this.#skip(8)))
      case 0x8c:
        return this.#push(this.#text(this.#byte()))
      case 0x58:
        return this.#push(this.#text(this.#length4()))
      case 0x8d:
        return this.#push(this.#text(this.#length8()))
      case 0x43:
        return this.#push(this.#raw(this.#byte()))
      case 0x42:
        return this.#push(this.#raw(this.#length4()))
      case 0x8e:
      case 0x96:
        return this.#push(this.#raw(this.#length8()))
      default:
        return this.#collect(code)
    }
  }

  #collect(code: number): void {
    switch (code) {
      case 0x5d:
        return this.#pushContainer([])
      case 0x61: {
        const item = this.#pop()
        this.#topList().push(item)
        return
      }
      case 0x65: {
        const items = this.#popMark()
        const list = this.#topList()
        for (const item of items) list.push(item)
        return
      }
      case 0x29:
        return this.#pushContainer(new PickleTuple([]))
      case 0x85:
      case 0x86:
      case 0x87:
        return this.#pushContainer(new PickleTuple(this.#popMany(code - 0x84)))
      case 0x74:
        return this.#pushContainer(new PickleTuple(this.#popMark()))
      case 0x7d:
        return this.#pushContainer(new Map())
      case 0x73:
        return this.#setItems(this.#popMany(2))
      case 0x75:
        return this.#setItems(this.#popMark())
      case 0x8f:
        return this.#pushContainer(new PickleSet())
      case 0x90:
        return this.#addItems(this.#popMark())
      case 0x91:
        return this.#pushContainer(new PickleSet(this.#popMark()))
      case 0x28:
        return this.#pushMark()
      case 0x30:
        this.#stack.pop()
        return
      case 0x31:
        this.#popMark()
        return
      default:
        return this.#remember(code)
    }
  }

  #remember(code: number): void {
    switch (code) {
      case 0x94:
        return this.#put(this.#memo.size)
      case 0x71:
        return this.#put(this.#byte())
      case 0x72:
        return this.#put(this.#length4())
      case 0x68:
        return this.#get(this.#byte())
      case 0x6a:
        return this.#get(this.#length4())
      default:
        throw this.#refuse(code)
    }
  }

  #refuse(code: number): PayloadError {
    // The only ones that tell a name; both come before anything is done with it.
    if (code === 0x63) return refused(`${this.#line()}.${this.#line()}`)
    if (code === 0x93) {
      const [module, name] = this.#stack.slice(-2)
      return refused(typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : 'STACK_GLOBAL')
    }
    const known = REFUSED[code]
    return known === undefined
      ? damaged(`byte ${this.#at - 1} is 0x${code.toString(16)}, which this reader does not know`)
      : refused(known)
  }

  #protocol(): void {
    const version = this.#byte()
    if (version < 2 || version > 5) throw damaged(`its protocol is ${version}, and 2 to 5 are known`)
  }

  #put(index: number): void {
    if (this.#memo.size >= LIMITS.memo) throw damaged(`it remembers more than ${LIMITS.memo} values`)
    const top = this.#stack.at(-1)
    if (top === undefined || top === MARK) throw damaged('it remembers nothing')
    this.#memo.set(index, top)
  }

  #get(index: number): void {
    const value = this.#memo.get(index)
    if (value === undefined) throw damaged(`it refers to value ${index}, which it does not hold`)
    this.#push(value)
  }

  #push(value: PickleValue): void {
    if (++this.#values > LIMITS.values) throw damaged(`it holds more than ${LIMITS.values} values`)
    this.#stack.push(value)
  }

  /** What holds others costs memory of its own, whatever few bytes it took. */
  #pushContainer(value: PickleValue): void {
    if (++this.#containers > LIMITS.containers) {
      throw damaged(`it holds more than ${LIMITS.containers} lists, tuples, dicts and sets`)
    }
    this.#push(value)
  }

  #pushMark(): void {
    if (++this.#values > LIMITS.values) throw damaged(`it holds more than ${LIMITS.values} values`)
    this.#stack.push(MARK)
  }

  #pop(): PickleValue {
    const value = this.#stack.pop()
    if (value === undefined || value === MARK) throw damaged('a value is missing')
    return value
  }

  #popMany(count: number): PickleValue[] {
    const items: PickleValue[] = []
    for (let index = 0; index < count; index++) items.push(this.#pop())
    return items.reverse()
  }

  #popMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK)
    if (at === -1) throw damaged('a mark is missing')
    const items = this.#stack.slice(at + 1) as PickleValue[]
    this.#stack.length = at
    return items
  }

  #topList(): PickleValue[] {
    const top = this.#stack.at(-1)
    if (!Array.isArray(top)) throw damaged('it appends to what is no list')
    return top
  }

  #setItems(items: PickleValue[]): void {
    const top = this.#stack.at(-1)
    if (!(top instanceof Map) || items.length % 2 === 1) throw damaged('it sets a key of what is no dict')
    for (let index = 0; index < items.length; index += 2) {
      top.set(items[index] as PickleValue, items[index + 1] as PickleValue)
    }
  }

  #addItems(items: PickleValue[]): void {
    const top = this.#stack.at(-1)
    if (!(top instanceof PickleSet)) throw damaged('it adds to what is no set')
    for (const item of items) top.items.push(item)
  }

  #long(length: number): number | bigint {
    const start = this.#skip(length)
    if (length > 1024) throw damaged(`it holds a number of ${length} bytes`)
    let value = 0n
    for (let index = start + length - 1; index >= start; index--)
      value = (value << 8n) | BigInt(this.#bytes[index] ?? 0)
    if (length > 0 && ((this.#bytes[start + length - 1] ?? 0) & 0x80) !== 0) value -= 1n << BigInt(length * 8)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  #text(length: number): string {
    const start = this.#skip(length)
    return decodeUtf8(this.#bytes.subarray(start, start + length))
  }

  #raw(length: number): Uint8Array {
    const start = this.#skip(length)
    return this.#bytes.subarray(start, start + length)
  }

  #length4(): number {
    return this.#bytes.readUInt32LE(this.#skip(4))
  }

  #length8(): number {
    const length = this.#bytes.readBigUInt64LE(this.#skip(8))
    if (length > BigInt(LIMITS.size)) throw damaged(`it announces ${length} bytes`)
    return Number(length)
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at)
    if (end === -1 || end - this.#at > 500) throw damaged('a name has no end')
    const start = this.#at
    this.#at = end + 1
    return this.#bytes.toString('latin1', start, end)
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)] as number
  }

  /** Passes over so many bytes and returns where they begin. @throws PayloadError where there are fewer */
  #skip(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw damaged('it ends too early')
    this.#at = start + length
    return start
  }
}

function refused(what: string): PayloadError {
  return new PayloadError(
    `the pickle holds ${what}, and a pickle that names classes or functions can run any code: it is not read. Pass plain data, or ${USE_JSON}`,
  )
}

function damaged(what: string): PayloadError {
  return new PayloadError(`the pickle is damaged: ${what}; ${USE_JSON}`)
}
