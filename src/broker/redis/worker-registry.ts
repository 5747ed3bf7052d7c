import type { WorkerHeartbeatParams, WorkerRegistration } from '../broker.ts'
import type { Argument } from './connection.ts'
import { type Exchanger, listed } from './exchange.ts'
import { asNumber, asText } from './reply.ts'
import { SlotBook } from './slot-book.ts'
import type { Store } from './store.ts'
import type { WorkerRecord } from './worker-list.ts'

/** Shown by `rq info` and the dashboards instead of Python's. */
const RUNTIME = `node ${process.versions.node}`

/** Registers workers, and each of their slots as a worker in RQ's eyes. */
export class WorkerRegistry {
  readonly #store: Store
  readonly #exchanger: Exchanger

  constructor(store: Store, exchanger: Exchanger) {
    this.#store = store
    this.#exchanger = exchanger
  }

  async register({ name, ttlMs, ...record }: WorkerRegistration): Promise<void> {
    const book = this.#exchanger.slotsOf(name) ?? new SlotBook(name, record.concurrency)
    book.resize(record.concurrency)
    const fields = slotFields(record, await this.#address())
    const slots = book.entries().flatMap(({ slot, running }) => [slot, running])
    await this.#store.run('worker-register', () => [
      name,
      Math.ceil(ttlMs),
      JSON.stringify(record satisfies WorkerRecord),
      ...listed(record.queues),
      fields.length,
      ...fields,
      book.names.length,
      ...slots,
    ])
    this.#exchanger.setSlots(name, book)
  }

  /** Of slots that go, those stay that run something. */
  async resize({ name, ttlMs, ...record }: WorkerRegistration): Promise<void> {
    const book = this.#exchanger.slotsOf(name)
    if (book === undefined) return
    const before = book.concurrency
    const gone = book.resize(record.concurrency)
    try {
      const fields = slotFields(record, await this.#address())
      const kept = JSON.stringify(record satisfies WorkerRecord)
      const lists = [...listed(record.queues), fields.length, ...fields, ...listed(book.names), ...listed(gone)]
      await this.#store.run('worker-resize', () => [name, Math.ceil(ttlMs), kept, ...lists])
    } catch (error) {
      // Nothing may be claimed into a slot that nobody has heard of.
      book.resize(before)
      throw error
    }
  }

  async heartbeat({ name, ttlMs, state, finished, failed }: WorkerHeartbeatParams): Promise<boolean> {
    const book = this.#exchanger.slotsOf(name)
    const gone = book?.resize() ?? []
    if (gone.length > 0) await this.#store.run('worker-resize', () => [name, 0, '', 0, 0, 0, ...listed(gone)])
    const slots = book?.names ?? []
    const args = [name, Math.ceil(ttlMs), state, finished, failed, ...listed(slots)]
    return asNumber(await this.#store.run('worker-heartbeat', () => args)) === 1
  }

  async unregister(name: string): Promise<void> {
    await this.#store.run('worker-unregister', () => [name])
    this.#exchanger.setSlots(name, undefined)
  }

  /** As the server sees this process; RQ shows it. */
  async #address(): Promise<string> {
    try {
      const info = asText(await this.#store.command('CLIENT', 'INFO'))
      return /(?:^| )addr=(\S+)/.exec(info)?.[1] ?? 'unknown'
    } catch {
      // Not allowed to this user: RQ writes the same then.
      return 'unknown'
    }
  }
}

function slotFields({ queues, pid, hostname, version }: WorkerRecord, address: string): Argument[] {
  return [
    'queues',
    queues.join(','),
    'pid',
    pid,
    'hostname',
    hostname,
    'ip_address',
    address,
    'version',
    `workhorse ${version}`,
    'python_version',
    RUNTIME,
  ]
}
