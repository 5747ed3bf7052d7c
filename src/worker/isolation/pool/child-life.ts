import type { ChildEnd, StartFailure } from './child-end.ts'

/** Where a pool child is in its life. It takes jobs only while it is `ready`. */
export type ChildState = 'starting' | 'ready' | 'leaving' | 'gone'

/** A pool child from its start to its end: how far it has come, whether it will stay, what is said of its end. */
export class ChildLife {
  #state: ChildState = 'starting'
  /** It leaves as soon as it has no job. */
  leavesWhenFree = false
  /** It has said that it is about to die. */
  isDoomed = false
  isKilled = false
  startFailure: StartFailure | undefined
  #complaint: string | undefined
  #deadline: NodeJS.Timeout | undefined
  #readyAt = 0

  get state(): ChildState {
    return this.#state
  }

  /** By `performance.now()`; 0 before. */
  get readyAt(): number {
    return this.#readyAt
  }

  get ageMs(): number {
    return this.#state === 'starting' ? 0 : performance.now() - this.#readyAt
  }

  /** It will take more jobs, now or later. */
  get isStaying(): boolean {
    return (
      (this.#state === 'ready' || this.#state === 'starting') &&
      !this.leavesWhenFree &&
      !this.isDoomed &&
      !this.isKilled
    )
  }

  ready(): void {
    clearTimeout(this.#deadline)
    this.#state = 'ready'
    this.#readyAt = performance.now()
  }

  leaving(): void {
    this.#state = 'leaving'
  }

  /** What it is doing must be over in time. @param complaint what is said of it where it is not */
  allow(ms: number, complaint: string, late: () => void): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => {
      this.#complaint = complaint
      late()
    }, ms)
  }

  /**
   * It is gone. @returns undefined where that was known
   * @param byJob a job has ended it
   * @param hasEndedJobs it was of use before
   */
  end(reason: string, byJob: boolean, hasEndedJobs: boolean): ChildEnd | undefined {
    if (this.#state === 'gone') return undefined
    const retired = this.#state === 'leaving' && this.#complaint === undefined
    const wasUseful = byJob || (this.#state !== 'starting' && hasEndedJobs)
    this.#state = 'gone'
    clearTimeout(this.#deadline)
    const start = this.startFailure
    const told = start && `${start.stage} failed: ${start.failure.name}: ${start.failure.message}`
    return { retired, byJob, wasUseful, reason: told ?? this.#complaint ?? reason, ...(start ? { start } : {}) }
  }
}
