/**
 * A Map of a few entries that come and go all the time, in the order in which they came. A lookup goes through all of them, which
 * for some hundreds is nothing beside what a Map costs here. V8 links the table that a Map has outgrown to its next one; so from
 * the first table that has grown old, each later one survives, with all that its entries hold, until the next full collection.
 */
export class ShortMap<Key, Value> {
  readonly #keys: Key[] = []
  /** Of keys that are text, some of it as a number: to compare those is many times cheaper. */
  readonly #hints: number[] = []
  readonly #values: Value[] = []

  get size(): number {
    return this.#keys.length
  }

  /** The value that came first. */
  get first(): Value | undefined {
    return this.#values[0]
  }

  /** The value that came last. */
  get last(): Value | undefined {
    return this.#values.at(-1)
  }

  /** The key that came so many places after the first. */
  keyAt(place: number): Key | undefined {
    return this.#keys[place]
  }

  get(key: Key): Value | undefined {
    const index = this.#indexOf(key)
    return index < 0 ? undefined : this.#values[index]
  }

  has(key: Key): boolean {
    return this.#indexOf(key) >= 0
  }

  /** A key that is there keeps its place. */
  set(key: Key, value: Value): void {
    const index = this.#indexOf(key)
    if (index >= 0) {
      this.#values[index] = value
      return
    }
    this.#keys.push(key)
    this.#hints.push(hintOf(key))
    this.#values.push(value)
  }

  /** @returns whether it was there */
  delete(key: Key): boolean {
    const index = this.#indexOf(key)
    if (index < 0) return false
    removeAt(this.#keys, index)
    removeAt(this.#hints, index)
    removeAt(this.#values, index)
    return true
  }

  clear(): void {
    this.#keys.length = 0
    this.#hints.length = 0
    this.#values.length = 0
  }

  /** As they are now: what comes or goes afterwards does not change it. The same is true of the next two. */
  keys(): Key[] {
    return [...this.#keys]
  }

  values(): Value[] {
    return [...this.#values]
  }

  entries(): [Key, Value][] {
    return this.#keys.map((key, index) => [key, this.#values[index] as Value])
  }

  #indexOf(key: Key): number {
    if (typeof key !== 'string') return this.#keys.indexOf(key)
    const hint = hintOf(key)
    let index = this.#hints.indexOf(hint)
    while (index >= 0 && this.#keys[index] !== key) index = this.#hints.indexOf(hint, index + 1)
    return index
  }
}

/** Mostly it is the first that goes; and what splice() returns is an array again. */
function removeAt(list: unknown[], index: number): void {
  if (index === 0) list.shift()
  else list.splice(index, 1)
}

/** Ids differ at their ends, if anywhere. */
function hintOf(key: unknown): number {
  if (typeof key !== 'string') return 0
  const { length } = key
  return length < 3
    ? length
    : (key.charCodeAt(length - 1) << 16) ^ (key.charCodeAt(length - 2) << 8) ^ key.charCodeAt(length - 3)
}

/** To a Set what a ShortMap is to a Map. */
export class ShortSet<Value> {
  readonly #values: Value[] = []

  get size(): number {
    return this.#values.length
  }

  add(value: Value): void {
    if (!this.#values.includes(value)) this.#values.push(value)
  }

  /** @returns whether it was there */
  delete(value: Value): boolean {
    const index = this.#values.indexOf(value)
    if (index >= 0) removeAt(this.#values, index)
    return index >= 0
  }

  /** As they are now: what comes or goes afterwards does not change it. */
  values(): Value[] {
    return [...this.#values]
  }
}
