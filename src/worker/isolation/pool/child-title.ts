import type { JobIdentity } from '../../../job/context.ts'
import { timeOfDay } from '../time-of-day.ts'

/** Between two jobs that come one after another a title would be set for nobody. */
const IDLE_AFTER_MS = 500

/** What `ps` shows of a pool child: role, queue, job, and since when, in UTC. */
export class ChildTitle {
  #timer: NodeJS.Timeout | undefined
  #idleSince = ''
  #isBusy = false

  /** @param others jobs that run in the same child */
  busy({ queue, name, id }: JobIdentity, others: number): void {
    this.#isBusy = true
    const more = others === 0 ? '' : ` and ${others} more`
    process.title = `workhorse: pool child ${queue} ${name} ${id} since ${timeOfDay()}${more}`
  }

  idle(): void {
    this.#isBusy = false
    this.#idleSince = timeOfDay()
    if (this.#timer !== undefined) return void this.#timer.refresh()
    this.#showIdle()
    // One timer for all times. It must not keep a loop alive that a job has let run empty.
    this.#timer = setTimeout(() => this.#showIdle(), IDLE_AFTER_MS).unref()
  }

  leaving(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    process.title = 'workhorse: pool child, leaving'
  }

  #showIdle(): void {
    if (!this.#isBusy) process.title = `workhorse: pool child, idle since ${this.#idleSince}`
  }
}
