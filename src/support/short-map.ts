/**
 * A Map of a few entries that come and go all the time, in the order in which they came. A lookup goes through all of them, which
 * for some hundreds is nothing beside what a Map costs here. V8 links the table that a Map has outgrown to its next one; so from
 * the first table that has grown old, each later one survives, with all that its entries hold, until the next full collection.
 */
export class ShortMap<Key, Value> {
  readonly #keys: Key[] = []
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

  get(key: Key): Value | undefined {
    const index = this.#keys.indexOf(key)
    return index < 0 ? undefined : this.#values[index]
  }

  has(key: Key): boolean {
    return this.#keys.includes(key)
  }

  /** A key that is there keeps its place. */
  set(key: Key, value: Value): void {
    const index = this.#keys.indexOf(key)
    if (index >= 0) {
      this.#values[index] = value
      return
    }
    this.#keys.push(key)
    this.#values.push(value)
  }

  /** @returns whether it was there */
  delete(key: Key): boolean {
    const index = this.#keys.indexOf(key)
    if (index < 0) return false
    this.#keys.splice(index, 1)
    this.#values.splice(index, 1)
    return true
  }

  clear(): void {
    this.#keys.length = 0
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
    if (index >= 0) this.#values.splice(index, 1)
    return index >= 0
  }

  /** As they are now: what comes or goes afterwards does not change it. */
  values(): Value[] {
    return [...this.#values]
  }
}
