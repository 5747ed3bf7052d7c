import { ShortMap } from '../../../support/short-map.ts'
import type { BeginWord } from './begin-word.ts'
import type { PoolExecution } from './pool-execution.ts'

/**
 * The jobs that a pool child has, in the order in which it got them. Where jobs do not share the process the first runs, and
 * those behind it were given ahead: they can be taken back until the child begins them.
 */
export class ChildJobs {
  readonly #jobs = new ShortMap<number, PoolExecution>()
  /** Without it a child has only jobs that run. */
  readonly #word: BeginWord | undefined
  #lastNumber = 0
  #progress: number | undefined

  constructor(word: BeginWord | undefined) {
    this.#word = word
  }

  get size(): number {
    return this.#jobs.size
  }

  /** Which of the child's orders are good. */
  get round(): number {
    return this.#word?.round ?? 0
  }

  get canTakeBack(): boolean {
    return this.#word !== undefined
  }

  /** The one that runs, as far as is known: its end may be on its way here. */
  get current(): PoolExecution | undefined {
    return this.#jobs.first
  }

  all(): readonly PoolExecution[] {
    return this.#jobs.values()
  }

  get(number: number): PoolExecution | undefined {
    return this.#jobs.get(number)
  }

  numberOf(execution: PoolExecution): number | undefined {
    return this.#jobs.entries().find(([, job]) => job === execution)?.[0]
  }

  /** Whether the child has begun nothing since this was last asked, though it has a job. */
  get isStuck(): boolean {
    const progress = this.#word?.progress
    const isStuck = this.#jobs.size > 0 && progress === this.#progress
    this.#progress = progress
    return isStuck
  }

  /** The child has begun nothing after the one that runs as far as is known. */
  get isUpToDate(): boolean {
    const next = this.#jobs.keyAt(1)
    return next === undefined || this.#word === undefined || !this.#word.hasBegun(next)
  }

  /** @returns its number */
  add(execution: PoolExecution): number {
    this.#jobs.set(++this.#lastNumber, execution)
    return this.#lastNumber
  }

  remove(number: number): void {
    this.#jobs.delete(number)
  }

  /** Those that the child has not begun, and will not begin any more. */
  takeBack(): readonly PoolExecution[] {
    if (this.#word === undefined || this.#jobs.size === 0) return []
    this.#word.takeBack()
    const taken: PoolExecution[] = []
    for (const [number, execution] of this.#jobs.entries()) {
      if (this.#word.hasBegun(number)) continue
      this.#jobs.delete(number)
      taken.push(execution)
    }
    return taken
  }

  /** After `takeBack`: whether the child runs this one, rather than having begun another after it. */
  isLast(execution: PoolExecution): boolean {
    return this.#jobs.last === execution
  }

  clear(): void {
    this.#jobs.clear()
  }
}
