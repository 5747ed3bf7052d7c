import { damagedPickle, LIMITS } from './payload-error.ts'
import { PickleSet, type PickleValue } from './pickle-value.ts'

const MARK = Symbol('mark')

/** What a pickle has built so far: the stack that its opcodes work on, and what they have put aside. Both have limits. */
export class PickleStack {
  #stack: (PickleValue | typeof MARK)[] = []
  readonly #memo = new Map<number, PickleValue>()
  #values = 0
  #containers = 0

  get height(): number {
    return this.#stack.length
  }

  get remembered(): number {
    return this.#memo.size
  }

  /** The uppermost, whatever they are. */
  peek(count: number): readonly unknown[] {
    return this.#stack.slice(-count)
  }

  /** Forget the uppermost, be it a value or a mark. */
  drop(): void {
    this.#stack.pop()
  }

  put(index: number): void {
    if (this.#memo.size >= LIMITS.memo) throw damagedPickle(`it remembers more than ${LIMITS.memo} values`)
    const top = this.#stack.at(-1)
    if (top === undefined || top === MARK) throw damagedPickle('it remembers nothing')
    this.#memo.set(index, top)
  }

  get(index: number): void {
    const value = this.#memo.get(index)
    if (value === undefined) throw damagedPickle(`it refers to value ${index}, which it does not hold`)
    this.push(value)
  }

  push(value: PickleValue): void {
    if (++this.#values > LIMITS.values) throw damagedPickle(`it holds more than ${LIMITS.values} values`)
    this.#stack.push(value)
  }

  /** What holds others costs memory of its own, whatever few bytes it took. */
  pushContainer(value: PickleValue): void {
    if (++this.#containers > LIMITS.containers) {
      throw damagedPickle(`it holds more than ${LIMITS.containers} lists, tuples, dicts and sets`)
    }
    this.push(value)
  }

  pushMark(): void {
    if (++this.#values > LIMITS.values) throw damagedPickle(`it holds more than ${LIMITS.values} values`)
    this.#stack.push(MARK)
  }

  pop(): PickleValue {
    const value = this.#stack.pop()
    if (value === undefined || value === MARK) throw damagedPickle('a value is missing')
    return value
  }

  popMany(count: number): PickleValue[] {
    const items: PickleValue[] = []
    for (let index = 0; index < count; index++) items.push(this.pop())
    return items.reverse()
  }

  popMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK)
    if (at === -1) throw damagedPickle('a mark is missing')
    const items = this.#stack.slice(at + 1) as PickleValue[]
    this.#stack.length = at
    return items
  }

  topList(): PickleValue[] {
    const top = this.#stack.at(-1)
    if (!Array.isArray(top)) throw damagedPickle('it appends to what is no list')
    return top
  }

  setItems(items: PickleValue[]): void {
    const top = this.#stack.at(-1)
    if (!(top instanceof Map) || items.length % 2 === 1) throw damagedPickle('it sets a key of what is no dict')
    for (let index = 0; index < items.length; index += 2) {
      top.set(items[index] as PickleValue, items[index + 1] as PickleValue)
    }
  }

  addItems(items: PickleValue[]): void {
    const top = this.#stack.at(-1)
    if (!(top instanceof PickleSet)) throw damagedPickle('it adds to what is no set')
    for (const item of items) top.items.push(item)
  }
}
