import type { Connection } from './connection.ts'
import type { Store } from './store.ts'

/** How long the server holds one look; a connection that died unnoticed is noticed after it. */
const LOOK_S = 20
const RECONNECT_MS = [20, 50, 100, 250, 500, 1000, 2000]

/**
 * Watches one queue's list without taking from it: BLMOVE from its head to its head blocks until there is a head, and
 * changes nothing. So a push by anybody, Python included, is noticed at once, and a crash in between loses nothing.
 * It needs a connection of its own, for it blocks it.
 */
export class Peeker {
  readonly #store: Store
  readonly #key: string
  readonly #waiters = new Set<() => void>()
  #connection: Connection | undefined
  #running = false
  #closed = false

  constructor(store: Store, queue: string) {
    this.#store = store
    this.#key = store.keys.queue(queue)
  }

  /** Calls `wake` when the list has something in it, once or more, until the function returned is called. */
  watch(wake: () => void): () => void {
    this.#waiters.add(wake)
    if (!this.#running) void this.#run()
    return () => this.#waiters.delete(wake)
  }

  close(): void {
    this.#closed = true
    this.#waiters.clear()
    this.#connection?.close()
  }

  async #run(): Promise<void> {
    this.#running = true
    let failures = 0
    while (this.#waiters.size > 0 && !this.#closed) {
      try {
        this.#connection ??= await this.#store.connect()
        await this.#connection.ready(performance.now())
        const args = [this.#key, this.#key, 'LEFT', 'LEFT', LOOK_S]
        const found = await this.#connection.send('BLMOVE', args, (LOOK_S + 10) * 1000)
        failures = 0
        if (found === null) continue
        const waiters = [...this.#waiters]
        this.#waiters.clear()
        for (const wake of waiters) wake()
      } catch {
        // The store's own connection tells what is wrong to whoever calls; here it is only tried again.
        if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS[failures++] ?? 2000))
      }
    }
    this.#running = false
  }
}
