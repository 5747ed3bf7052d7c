import type { Connection } from './connection.ts'
import { asList, asNumber, asText } from './reply.ts'
import type { Store } from './store.ts'

const BLOCK_MS = 20_000
const RECONNECT_MS = [20, 50, 100, 250, 500, 1000, 2000]

interface Watch {
  readonly wake: () => void
  lastId: string
}

/**
 * Notices results that others write: a Python worker publishes nothing, but adds to the job's stream. One blocking XREAD
 * looks at all streams that somebody waits for; CLIENT UNBLOCK makes it look anew where there is one more.
 */
export class StreamWatcher {
  readonly #store: Store
  /** By key. */
  readonly #watches = new Map<string, Set<Watch>>()
  #connection: Connection | undefined
  #clientId = 0
  #running = false
  #blocked = false
  #closed = false

  constructor(store: Store) {
    this.#store = store
  }

  /** Calls `wake` for each entry, those that are there already included, until the function returned is called. */
  watch(key: string, wake: () => void): () => void {
    const watch: Watch = { wake, lastId: '0-0' }
    const watches = this.#watches.get(key) ?? new Set()
    this.#watches.set(key, watches.add(watch))
    if (!this.#running) void this.#run()
    else if (this.#blocked) this.#unblock()
    return () => {
      watches.delete(watch)
      if (watches.size === 0 && this.#watches.get(key) === watches) this.#watches.delete(key)
    }
  }

  close(): void {
    this.#closed = true
    this.#watches.clear()
    this.#connection?.close()
  }

  async #run(): Promise<void> {
    this.#running = true
    let failures = 0
    while (this.#watches.size > 0 && !this.#closed) {
      try {
        const connection = await this.#open()
        const keys = [...this.#watches.keys()]
        const ids = keys.map((key) => oldest(this.#watches.get(key) ?? new Set()))
        this.#blocked = true
        const found = await connection.send('XREAD', ['BLOCK', BLOCK_MS, 'STREAMS', ...keys, ...ids], BLOCK_MS + 10_000)
        this.#blocked = false
        failures = 0
        for (const stream of asList(found))
          this.#tell(asText(asList(stream)[0]), asText(asList(asList(asList(stream)[1]).at(-1))[0]))
      } catch {
        // As everywhere: the store's own connection tells what is wrong to whoever calls.
        this.#blocked = false
        if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS[failures++] ?? 2000))
      }
    }
    this.#running = false
  }

  #tell(key: string, lastId: string): void {
    for (const watch of [...(this.#watches.get(key) ?? [])]) {
      watch.lastId = lastId
      watch.wake()
    }
  }

  async #open(): Promise<Connection> {
    this.#connection ??= await this.#store.connect()
    if (!this.#connection.isReady) {
      await this.#connection.ready(performance.now())
      this.#clientId = asNumber(await this.#connection.send('CLIENT', ['ID']))
    }
    return this.#connection
  }

  #unblock(): void {
    this.#blocked = false
    // On a cluster these two commands may go to two nodes, where the number is another client's.
    if (this.#store.options.at.kind === 'cluster') return
    // Refused to a user without the permission: then the new stream is looked at when the blocking is over.
    this.#store.command('CLIENT', 'UNBLOCK', this.#clientId).catch(() => {})
  }
}

/** Where several wait for one job, the one that has seen least. */
function oldest(watches: ReadonlySet<Watch>): string {
  const ids = [...watches].map(({ lastId }) => lastId)
  return ids.includes('0-0') ? '0-0' : (ids[0] ?? '0-0')
}
