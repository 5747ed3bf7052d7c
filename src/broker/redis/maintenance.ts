import type { JobRecord } from '../../job/record.ts'
import { abandonedFailure } from '../abandoned.ts'
import type { Maintenance, PoisonedJob } from '../broker.ts'
import { decodeCall } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import type { Reply } from './connection.ts'
import { fetchJobs } from './job-list.ts'
import { encodeTraceback } from './outcome-args.ts'
import { asList, asNumber, asText, asTexts } from './reply.ts'
import { ServerClockWatch } from './server-clock-watch.ts'
import type { Store } from './store.ts'
import { promoteDue } from './work-wait.ts'

const BATCH = 200
/** How long one turn goes on forgetting; what is left is for the next. */
const FORGET_FOR_MS = 500
/** Sets are gone through for it. */
const TIDY_EVERY_MS = 60_000
/** How long one turn goes on with that. */
const TIDY_FOR_MS = 200
/** Members of a group that one step looks at. */
const TIDY_BATCH = 1000

export class Maintainer {
  readonly #store: Store
  readonly #clock = new ServerClockWatch()
  #tidyAt = 0
  /** Groups that are still to be gone through, the last of them from the cursor on. */
  #groups: string[] = []
  #groupCursor = '0'

  constructor(store: Store) {
    this.#store = store
  }

  async maintain(maxAbandonments: number): Promise<Maintenance> {
    const promoted = await promoteDue(this.#store)
    this.#clock.saw(promoted.at)
    const taken = this.#clock.isSettled ? await this.#reclaim(maxAbandonments) : { reclaimed: [], poisoned: [] }
    const expired = await this.#forget()
    if (performance.now() >= this.#tidyAt) {
      this.#tidyAt = performance.now() + TIDY_EVERY_MS
      await this.#store.run('tidy', () => [])
      if (this.#groups.length === 0) {
        this.#groups = asTexts(await this.#store.command('SMEMBERS', this.#store.keys.groups))
        this.#groupCursor = '0'
      }
    }
    await this.#tidyGroups()
    return { ...promoted, ...taken, expired }
  }

  /** As far as one turn gets; the next one goes on there. */
  async #tidyGroups(): Promise<void> {
    const end = performance.now() + TIDY_FOR_MS
    for (let group = this.#groups.at(-1); group !== undefined; group = this.#groups.at(-1)) {
      const args = [group, this.#groupCursor, TIDY_BATCH]
      this.#groupCursor = asText(await this.#store.run('tidy-group', () => args))
      if (this.#groupCursor === '0') this.#groups.pop()
      if (performance.now() > end) return
    }
  }

  async #reclaim(maxAbandonments: number): Promise<Pick<Maintenance, 'reclaimed' | 'poisoned'>> {
    const reclaimed: { jobId: string; worker: string }[] = []
    const poisoned: PoisonedJob[] = []
    for (;;) {
      const [taken, toPoison, more] = asList(await this.#store.run('reclaim', () => [maxAbandonments, BATCH]))
      const names = asTexts(taken)
      for (let index = 0; index < names.length; index += 2) {
        reclaimed.push({ jobId: names[index] ?? '', worker: names[index + 1] ?? '' })
      }
      for (const job of asList(toPoison)) {
        const done = await this.#poison(job)
        if (done !== undefined) poisoned.push(done)
      }
      if (asNumber(more) === 0) return { reclaimed, poisoned }
    }
  }

  async #poison(reply: Reply): Promise<PoisonedJob | undefined> {
    const [id, execution, workerName, seen, data] = asList(reply)
    const [jobId, worker, abandonments] = [asText(id), asText(workerName), asNumber(seen)]
    const name = Buffer.isBuffer(data) ? nameOf(data) : 'unreadable'
    const failure = abandonedFailure(jobId, name, worker, abandonments + 1)
    const args = [jobId, asText(execution), abandonments, encodeTraceback(failure), JSON.stringify(failure)]
    // Nothing may be left of it afterwards.
    const [before] = await fetchJobs(this.#store, [jobId])
    if (asNumber(await this.#store.run('poison', () => args)) === 0) return undefined
    if (before?.callbacks?.failure === undefined) return { jobId, worker }
    const [after] = await fetchJobs(this.#store, [jobId])
    const gone: JobRecord = { ...before, state: 'failed', failure, abandonments: abandonments + 1, endedAt: Date.now() }
    return { jobId, worker, record: after ?? gone }
  }

  async #forget(): Promise<number> {
    const end = performance.now() + FORGET_FOR_MS
    let total = 0
    for (;;) {
      const [count, more] = asList(await this.#store.run('forget', () => [BATCH]))
      total += asNumber(count)
      if (asNumber(more) === 0 || performance.now() > end) return total
    }
  }
}

function nameOf(data: Buffer): string {
  try {
    return decodeCall(data).name
  } catch (error) {
    if (error instanceof PayloadError) return 'unreadable'
    throw error
  }
}
