import { Pulse } from './pulse.ts'

/** Events in the order in which they came, for one main loop that acts on them: who pushes only records. */
export class Inbox<T> {
  readonly #items: T[] = []
  readonly #pulse = new Pulse()

  push(item: T): void {
    this.#items.push(item)
    this.#pulse.ring()
  }

  async next(): Promise<T> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) return item
      await this.#pulse.next()
    }
  }
}
