import { ShortMap } from '../../support/short-map.ts'
import type { ExecutionOutcome } from '../broker.ts'

/** What a slot has done: RQ shows it of each of its workers. */
export interface SlotTally {
  readonly finished: number
  readonly failed: number
  readonly seconds: number
}

/** What a slot will have done when an outcome is told. */
export interface NextTally extends SlotTally {
  /** Part of it: what was done without a slot. */
  readonly unslotted: SlotTally
}

const NOTHING: SlotTally = { finished: 0, failed: 0, seconds: 0 }

interface Slot {
  readonly name: string
  finished: number
  failed: number
  seconds: number
  running?: { readonly executionId: string; readonly jobId: string; readonly since: number } | undefined
  /** To a call that is under way. */
  offered: boolean
}

/**
 * Which slot of a worker runs what, and what it has done. In RQ's eyes each slot is a worker of its own that runs one job at a
 * time, so an execution needs a slot before it is claimed. Those that are claimed ahead of need have none; what they do is
 * counted for the next slot that ends one.
 */
export class SlotBook {
  readonly #worker: string
  #concurrency = 0
  /** By name, in order; behind those of the concurrency the ones that run something still and then go. */
  #slots = new Map<string, Slot>()
  readonly #byExecution = new ShortMap<string, Slot>()
  /** Since when, of executions without a slot. */
  readonly #withoutSlot = new ShortMap<string, number>()
  /** Not counted for any slot yet. */
  #unslotted = NOTHING

  constructor(worker: string, concurrency: number) {
    this.#worker = worker
    this.resize(concurrency)
  }

  get concurrency(): number {
    return this.#concurrency
  }

  get names(): readonly string[] {
    return [...this.#slots.keys()]
  }

  /** Slots that run something stay until then, and are looked at again by the next call. Returns those that are no more. */
  resize(concurrency = this.#concurrency): readonly string[] {
    this.#concurrency = concurrency
    const before = this.#slots
    const after = new Map<string, Slot>()
    for (let number = 1; number <= concurrency; number++) {
      const name = `${this.#worker}.${number}`
      after.set(name, before.get(name) ?? { name, finished: 0, failed: 0, seconds: 0, offered: false })
    }
    for (const slot of before.values()) if (slot.running !== undefined) after.set(slot.name, slot)
    this.#slots = after
    return [...before.keys()].filter((name) => !after.has(name))
  }

  /** Up to `most` slots that are free once these have ended, in order, for one call; no other call gets them meanwhile. */
  offer(outcomes: readonly ExecutionOutcome[], most: number): string[] {
    const free: string[] = []
    if (most <= 0) return free
    const ending = new Set(outcomes.map(({ executionId }) => executionId))
    let number = 0
    for (const slot of this.#slots.values()) {
      if (free.length >= most || ++number > this.#concurrency) break
      if (slot.offered || (slot.running !== undefined && !ending.has(slot.running.executionId))) continue
      slot.offered = true
      free.push(slot.name)
    }
    return free
  }

  /** Not to be offered, until they are taken back. */
  hold(slots: readonly string[]): void {
    this.#mark(slots, true)
  }

  /** That call is over. */
  takeBack(slots: readonly string[]): void {
    this.#mark(slots, false)
  }

  take(executionId: string, name: string, jobId: string): void {
    const slot = this.#slots.get(name)
    if (slot === undefined) return this.#withoutSlot.set(executionId, performance.now())
    slot.running = { executionId, jobId, since: performance.now() }
    this.#byExecution.set(executionId, slot)
  }

  leave(executionId: string): void {
    const slot = this.#byExecution.get(executionId)
    if (slot === undefined) return void this.#withoutSlot.delete(executionId)
    this.#byExecution.delete(executionId)
    if (slot.running?.executionId === executionId) slot.running = undefined
  }

  /** What the slot of this execution has done when it has ended so; undefined where it has none. Each is to be told, or given back. */
  tallyAfter({ executionId, type }: ExecutionOutcome): NextTally | undefined {
    const slot = this.#byExecution.get(executionId)
    if (slot?.running === undefined) return undefined
    const unslotted = this.#unslotted
    this.#unslotted = NOTHING
    const { finished, failed, seconds } = sum(sum(slot, unslotted), tallyOf(type, slot.running.since))
    return { finished, failed, seconds, unslotted }
  }

  /** It has been told so. */
  count({ executionId, type }: ExecutionOutcome, tally: NextTally | undefined): void {
    const slot = this.#byExecution.get(executionId)
    const since = this.#withoutSlot.get(executionId)
    if (since !== undefined) this.#unslotted = sum(this.#unslotted, tallyOf(type, since))
    else if (slot !== undefined && tally !== undefined) {
      slot.finished = tally.finished
      slot.failed = tally.failed
      slot.seconds = tally.seconds
    }
  }

  /** It has not been told. */
  giveBack(tally: NextTally | undefined): void {
    if (tally !== undefined) this.#unslotted = sum(this.#unslotted, tally.unslotted)
  }

  /** Id of the job that a slot runs. */
  jobOf(name: string): string | undefined {
    return this.#slots.get(name)?.running?.jobId
  }

  /** Each slot with the 'job:execution' that it runs, or '', and what it has done. */
  entries(): { readonly slot: string; readonly running: string; readonly tally: SlotTally }[] {
    return [...this.#slots.values()].map(({ name, running, finished, failed, seconds }) => ({
      slot: name,
      running: running === undefined ? '' : `${running.jobId}:${running.executionId}`,
      tally: { finished, failed, seconds },
    }))
  }

  #mark(names: readonly string[], offered: boolean): void {
    for (const name of names) {
      const slot = this.#slots.get(name)
      if (slot !== undefined) slot.offered = offered
    }
  }
}

function tallyOf(type: ExecutionOutcome['type'], since: number): SlotTally {
  return {
    finished: type === 'finished' ? 1 : 0,
    failed: type === 'failed' || type === 'stopped' ? 1 : 0,
    seconds: (performance.now() - since) / 1000,
  }
}

function sum(one: SlotTally, other: SlotTally): SlotTally {
  return {
    finished: one.finished + other.finished,
    failed: one.failed + other.failed,
    seconds: one.seconds + other.seconds,
  }
}
