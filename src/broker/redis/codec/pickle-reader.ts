import { damagedPickle, type PayloadError, refusedPickle } from './payload-error.ts'
import { PickleInput } from './pickle-input.ts'
import { PickleStack } from './pickle-stack.ts'
import { PickleSet, PickleTuple, type PickleValue } from './pickle-value.ts'

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

/**
 * Python's pickle, as far as it is data: numbers, texts, bytes, lists, tuples, dicts and sets, of protocols 2 to 5. Whatever
 * names a class or a function is refused by that name: nothing is ever looked up or called.
 * A pickle is a program for a stack machine; each opcode here is one line of its manual (pickletools.py).
 * @throws PayloadError
 */
export function readPickle(bytes: Uint8Array): PickleValue {
  return new PickleReader(bytes).read()
}

class PickleReader {
  readonly #input: PickleInput
  readonly #stack = new PickleStack()

  constructor(bytes: Uint8Array) {
    this.#input = new PickleInput(bytes)
  }

  read(): PickleValue {
    for (;;) {
      const code = this.#input.byte()
      if (code === 0x2e) return this.#result()
      this.#step(code)
    }
  }

  #result(): PickleValue {
    const value = this.#stack.pop()
    if (this.#stack.height > 0) throw damagedPickle('values are left over at its end')
    return value
  }

  #step(code: number): void {
    switch (code) {
      case 0x80:
        return this.#protocol()
      case 0x95: // FRAME: a hint for readers of files
        return void this.#input.skip(8)
      case 0x4e:
        return this.#stack.push(null)
      case 0x88:
        return this.#stack.push(true)
      case 0x89:
        return this.#stack.push(false)
      case 0x4b:
        return this.#stack.push(this.#input.byte())
      case 0x4d:
        return this.#stack.push(this.#input.uint16())
      case 0x4a:
        return this.#stack.push(this.#input.int32())
      case 0x8a:
        return this.#stack.push(this.#input.long(this.#input.byte()))
      case 0x8b:
        return this.#stack.push(this.#input.long(this.#input.length4()))
      case 0x47:
        return this.#stack.push(this.#input.double())
      case 0x8c:
        return this.#stack.push(this.#input.text(this.#input.byte()))
      case 0x58:
        return this.#stack.push(this.#input.text(this.#input.length4()))
      case 0x8d:
        return this.#stack.push(this.#input.text(this.#input.length8()))
      case 0x43:
        return this.#stack.push(this.#input.raw(this.#input.byte()))
      case 0x42:
        return this.#stack.push(this.#input.raw(this.#input.length4()))
      case 0x8e:
      case 0x96:
        return this.#stack.push(this.#input.raw(this.#input.length8()))
      default:
        return this.#collect(code)
    }
  }

  #collect(code: number): void {
    switch (code) {
      case 0x5d:
        return this.#stack.pushContainer([])
      case 0x61: {
        const item = this.#stack.pop()
        this.#stack.topList().push(item)
        return
      }
      case 0x65: {
        const items = this.#stack.popMark()
        const list = this.#stack.topList()
        for (const item of items) list.push(item)
        return
      }
      case 0x29:
        return this.#stack.pushContainer(new PickleTuple([]))
      case 0x85:
      case 0x86:
      case 0x87:
        return this.#stack.pushContainer(new PickleTuple(this.#stack.popMany(code - 0x84)))
      case 0x74:
        return this.#stack.pushContainer(new PickleTuple(this.#stack.popMark()))
      case 0x7d:
        return this.#stack.pushContainer(new Map())
      case 0x73:
        return this.#stack.setItems(this.#stack.popMany(2))
      case 0x75:
        return this.#stack.setItems(this.#stack.popMark())
      case 0x8f:
        return this.#stack.pushContainer(new PickleSet())
      case 0x90:
        return this.#stack.addItems(this.#stack.popMark())
      case 0x91:
        return this.#stack.pushContainer(new PickleSet(this.#stack.popMark()))
      case 0x28:
        return this.#stack.pushMark()
      case 0x30:
        return this.#stack.drop()
      case 0x31:
        this.#stack.popMark()
        return
      default:
        return this.#remember(code)
    }
  }

  #remember(code: number): void {
    switch (code) {
      case 0x94:
        return this.#stack.put(this.#stack.remembered)
      case 0x71:
        return this.#stack.put(this.#input.byte())
      case 0x72:
        return this.#stack.put(this.#input.length4())
      case 0x68:
        return this.#stack.get(this.#input.byte())
      case 0x6a:
        return this.#stack.get(this.#input.length4())
      default:
        throw this.#refuse(code)
    }
  }

  #refuse(code: number): PayloadError {
    // The only ones that tell a name; both come before anything is done with it.
    if (code === 0x63) return refusedPickle(`${this.#input.line()}.${this.#input.line()}`)
    if (code === 0x93) {
      const [module, name] = this.#stack.peek(2)
      return refusedPickle(
        typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : 'STACK_GLOBAL',
      )
    }
    const known = REFUSED[code]
    return known === undefined
      ? damagedPickle(`byte ${this.#input.at - 1} is 0x${code.toString(16)}, which this reader does not know`)
      : refusedPickle(known)
  }

  #protocol(): void {
    const version = this.#input.byte()
    if (version < 2 || version > 5) throw damagedPickle(`its protocol is ${version}, and 2 to 5 are known`)
  }
}
