import type { ExecutionOutcome } from '../broker.ts'

/**
 * Which slot of a worker runs what. In RQ's eyes each slot is a worker of its own that runs one job at a time, so an
 * execution needs a slot before it is claimed.
 */
export class SlotBook {
  readonly #worker: string
  #concurrency: number
  #names: readonly string[]
  /** By execution id. */
  readonly #running = new Map<string, { readonly slot: string; readonly jobId: string }>()

  /** To calls that are under way. */
  readonly #offered = new Set<string>()

  constructor(worker: string, concurrency: number) {
    this.#worker = worker
    this.#concurrency = concurrency
    this.#names = namesOf(worker, concurrency)
  }

  get concurrency(): number {
    return this.#concurrency
  }

  get names(): readonly string[] {
    return this.#names
  }

  /** Slots that run something stay until then, and are looked at again by the next call. Returns those that are no more. */
  resize(concurrency = this.#concurrency): readonly string[] {
    this.#concurrency = concurrency
    const busy = new Set([...this.#running.values()].map(({ slot }) => slot))
    const wanted = namesOf(this.#worker, concurrency)
    const before = this.#names
    const kept = before.filter((name) => busy.has(name) && !wanted.includes(name))
    this.#names = [...wanted, ...kept]
    return before.filter((name) => !this.#names.includes(name))
  }

  /** Up to `most` slots that are free once these have ended, in order, for one call; no other call gets them meanwhile. */
  offer(outcomes: readonly ExecutionOutcome[], most: number): string[] {
    if (most === 0) return []
    const ending = new Set(outcomes.map(({ executionId }) => executionId))
    const taken = new Set(this.#offered)
    for (const [id, { slot }] of this.#running) if (!ending.has(id)) taken.add(slot)
    const wanted = namesOf(this.#worker, this.#concurrency)
    const free = wanted.filter((name) => !taken.has(name)).slice(0, most)
    this.hold(free)
    return free
  }

  /** Not to be offered, until they are taken back. */
  hold(slots: readonly string[]): void {
    for (const slot of slots) this.#offered.add(slot)
  }

  /** That call is over. */
  takeBack(slots: readonly string[]): void {
    for (const slot of slots) this.#offered.delete(slot)
  }

  take(executionId: string, slot: string, jobId: string): void {
    if (this.#names.includes(slot)) this.#running.set(executionId, { slot, jobId })
  }

  leave(executionId: string): void {
    this.#running.delete(executionId)
  }

  /** Id of the job that a slot runs. */
  jobOf(slot: string): string | undefined {
    return [...this.#running.values()].find((running) => running.slot === slot)?.jobId
  }

  /** Each slot with the 'job:execution' that it runs, or ''. */
  entries(): { readonly slot: string; readonly running: string }[] {
    const bySlot = new Map([...this.#running].map(([id, { slot, jobId }]) => [slot, `${jobId}:${id}`]))
    return this.#names.map((slot) => ({ slot, running: bySlot.get(slot) ?? '' }))
  }
}

function namesOf(worker: string, concurrency: number): string[] {
  return Array.from({ length: concurrency }, (_, index) => `${worker}.${index + 1}`)
}
