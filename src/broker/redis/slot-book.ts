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

  /** Slots that are free once these have ended, in order. */
  free(outcomes: readonly ExecutionOutcome[]): string[] {
    const ending = new Set(outcomes.map(({ executionId }) => executionId))
    const taken = new Set([...this.#running].filter(([id]) => !ending.has(id)).map(([, { slot }]) => slot))
    return namesOf(this.#worker, this.#concurrency).filter((name) => !taken.has(name))
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
