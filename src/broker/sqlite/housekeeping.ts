import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MaintainParams, Maintenance } from '../broker.ts'
import type { Connection } from './connection.ts'
import type { LeaseClock } from './lease-clock.ts'
import { BATCH, dueWork, forgetExpired, promoteDue, type Reclaimed, reclaimAbandoned } from './maintenance.ts'
import type { WakeFile } from './wake.ts'
import { forgetGoneWorkers } from './worker.ts'

/** How long one `maintain` goes on forgetting expired jobs; what is left is for the next. */
const FORGET_FOR_MS = 500

/** What must happen though nobody asks for it, in steps that are short enough for everybody else. */
export class Housekeeping {
  readonly #connection: Connection
  readonly #leaseClock: LeaseClock
  readonly #work: WakeFile
  readonly #done: WakeFile

  constructor(connection: Connection, leaseClock: LeaseClock, work: WakeFile, done: WakeFile) {
    this.#connection = connection
    this.#leaseClock = leaseClock
    this.#work = work
    this.#done = done
  }

  async maintain(params: MaintainParams): Promise<Maintenance> {
    const now = Date.now()
    const leaseNow = this.#leaseClock.now()
    const due = await this.#connection.readOne('maintain', () => dueWork(this.#connection))
    const promoted = isDue(due.nextDueAt, now) ? await this.promote() : 0
    const { reclaimed, poisoned } = isDue(due.nextLeaseEnd, leaseNow)
      ? await this.#reclaim(params.maxAbandonments)
      : NOTHING_RECLAIMED
    const expired = isDue(due.nextExpiry, now) ? await this.#forget() : 0
    if (isDue(due.nextWorkerGone, leaseNow)) {
      await this.#connection.write('forget gone workers', () =>
        forgetGoneWorkers(this.#connection, this.#leaseClock.now()),
      )
    }
    const { nextDueAt } =
      promoted === 0 ? due : await this.#connection.readOne('maintain', () => dueWork(this.#connection))
    return { promoted, reclaimed, poisoned, expired, at: Date.now(), ...(nextDueAt === null ? {} : { nextDueAt }) }
  }

  /** Queues the scheduled jobs that are due. Returns how many. */
  async promote(): Promise<number> {
    return this.inBatches(Number.POSITIVE_INFINITY, async () => {
      const count = await this.#connection.write('queue due jobs', () => promoteDue(this.#connection, Date.now()))
      if (count > 0) this.#work.ring()
      return count
    })
  }

  /** Repeats `step` while it fills its batch, giving way to everybody else in between. */
  async inBatches(forMs: number, step: () => Promise<number>): Promise<number> {
    const end = performance.now() + forMs
    let total = 0
    for (;;) {
      const count = await step()
      total += count
      if (count < BATCH || performance.now() > end) return total
      await nextTurn()
    }
  }

  async #reclaim(maxAbandonments: number): Promise<Reclaimed> {
    const all = { reclaimed: [] as Reclaimed['reclaimed'], poisoned: [] as Reclaimed['poisoned'], freed: 0 }
    await this.inBatches(Number.POSITIVE_INFINITY, async () => {
      const { reclaimed, poisoned, freed } = await this.#connection.write('reclaim jobs', () =>
        reclaimAbandoned(this.#connection, maxAbandonments, Date.now(), this.#leaseClock.now()),
      )
      if (reclaimed.length + freed > 0) this.#work.ring()
      if (poisoned.length > 0) this.#done.ring()
      all.reclaimed.push(...reclaimed)
      all.poisoned.push(...poisoned)
      return reclaimed.length + poisoned.length
    })
    return all
  }

  async #forget(): Promise<number> {
    return this.inBatches(FORGET_FOR_MS, () =>
      this.#connection.write('forget expired jobs', () => forgetExpired(this.#connection, Date.now())),
    )
  }
}

const NOTHING_RECLAIMED: Reclaimed = { reclaimed: [], poisoned: [], freed: 0 }

export function isDue(at: number | null, now: number): boolean {
  return at !== null && at <= now
}
