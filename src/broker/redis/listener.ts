import type { Redis } from 'ioredis'
import type { Connection } from './connection.ts'
import { diagnose, unavailable } from './redis-error.ts'
import type { Store } from './store.ts'

const RECONNECT_MS = [20, 50, 100, 250, 500, 1000, 2000]

type Heard = (message: string) => void

/**
 * One connection that listens to channels for all who wait in this process. While it is broken nothing is heard, so after
 * it is back every listener is told to look for itself: with an empty message, which means just that.
 */
export class Listener {
  readonly #store: Store
  readonly #channels = new Map<string, Set<Heard>>()
  #connection: Promise<Connection> | undefined
  #opened: Connection | undefined
  #restoring: Promise<void> | undefined
  #closed = false

  constructor(store: Store) {
    this.#store = store
  }

  /** Resolves when `heard` is called for whatever is published from now on; call what it returns to leave. */
  async subscribe(channel: string, heard: Heard): Promise<() => void> {
    const known = this.#channels.get(channel)
    const listeners = known ?? new Set()
    if (known === undefined) this.#channels.set(channel, listeners)
    listeners.add(heard)
    const connection = await this.#open()
    const release = connection.hold()
    const leave = () => {
      release()
      if (!listeners.delete(heard) || listeners.size > 0) return
      if (this.#channels.get(channel) === listeners) this.#channels.delete(channel)
      if (connection.isReady && !this.#closed)
        void subscriber(connection)
          .unsubscribe(channel)
          .catch(() => {})
    }
    try {
      await this.#subscribeOnce(connection, channel)
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }

  close(): void {
    this.#closed = true
    this.#channels.clear()
    this.#opened?.close()
  }

  #open(): Promise<Connection> {
    this.#connection ??= this.#store.connect().then((connection) => {
      this.#opened = connection
      if (this.#closed) connection.close()
      const { client } = connection
      client.on('message', (channel: string, message: string) => {
        for (const heard of [...(this.#channels.get(channel) ?? [])]) heard(message)
      })
      client.on('end', () => {
        if (!this.#closed && this.#channels.size > 0) this.#restoring ??= this.#restore(connection)
      })
      return connection
    })
    return this.#connection
  }

  async #subscribeOnce(connection: Connection, channel: string): Promise<void> {
    const deadline = performance.now() + this.#store.options.patienceMs
    for (;;) {
      await connection.ready(deadline)
      try {
        await subscriber(connection).subscribe(channel)
        return
      } catch (error) {
        connection.assertUsable()
        const trouble = diagnose(error)
        if (trouble.kind === 'mistake') throw error
        // It broke in between: connecting again takes its time, so this does not spin.
        if (trouble.kind === 'refusing' || performance.now() >= deadline) {
          throw unavailable(this.#store.url, trouble.reason, error)
        }
      }
    }
  }

  async #restore(connection: Connection): Promise<void> {
    for (let attempt = 0; !this.#closed && this.#channels.size > 0; attempt++) {
      try {
        await connection.ready(performance.now())
        await subscriber(connection).subscribe(...this.#channels.keys())
        break
      } catch {
        // Whoever uses the store's own connection learns what is wrong; here it is only tried again.
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS[attempt] ?? 2000))
      }
    }
    this.#restoring = undefined
    for (const listeners of [...this.#channels.values()]) for (const heard of [...listeners]) heard('')
  }
}

/** Both kinds of client subscribe alike. */
function subscriber(connection: Connection): Pick<Redis, 'subscribe' | 'unsubscribe'> {
  return connection.client as Redis
}
