import { PoolStartError } from '../../../errors.ts'
import type { ChildEnd } from './child-end.ts'
import { PoolChildHandle } from './pool-child-handle.ts'
import type { PoolExecution } from './pool-execution.ts'
import type { PoolEvents, PoolOptions } from './pool-options.ts'
import type { Nursery } from './pool-process.ts'

export interface RosterEvents {
  /** It has room for a job: it is new, or a job has left it. */
  hasRoom(child: PoolChildHandle): void
  /** A job has left it, and it has others still. */
  hasLess(): void
  jobEnded(wallMs: number): void
  tookBack(executions: readonly PoolExecution[]): void
  /** There will be no children any more. */
  broken(error: PoolStartError | undefined): void
}

/** Before the first, second, … try after one that failed. */
const START_DELAYS_MS = [100, 500, 2000, 5000]

/**
 * The children of a pool: starts them, lets them go, replaces those that have died.
 *
 * A child that does not come up, or dies before it was of any use, is a failed start. The next is tried later each time,
 * one at a time, until one is of use again. Where no child is left that works, the pool is broken after the last try.
 */
export class Roster {
  readonly children = new Set<PoolChildHandle>()
  /** Places beside those that there always are. */
  extra = 0
  readonly #options: PoolOptions
  readonly #nursery: Nursery
  readonly #log: PoolEvents
  readonly #events: RosterEvents
  #failedStarts = 0
  #delay: NodeJS.Timeout | undefined
  /** How many were wanted while none could be started. */
  #wanted = 0
  #isOpen = true
  #whenEmpty: (() => void) | undefined

  constructor(options: PoolOptions, nursery: Nursery, log: PoolEvents, events: RosterEvents) {
    this.#options = options
    this.#nursery = nursery
    this.#log = log
    this.#events = events
  }

  /** Children that will go on taking jobs. */
  get staying(): number {
    let count = 0
    for (const { isStaying } of this.children) if (isStaying) count++
    return count
  }

  /** Starts children until `wanted` are on their way, as far as there are places. */
  grow(wanted: number): void {
    if (!this.#isOpen) return
    if (this.#delay !== undefined) {
      this.#wanted = Math.max(this.#wanted, wanted)
      return
    }
    let starting = this.#starting
    let places = this.#options.size + this.extra - this.staying
    // One at a time, as long as it is doubtful whether any comes up.
    const most = this.#failedStarts > 0 ? Math.min(1, wanted) : wanted
    for (; starting < most && places > 0; starting++, places--) this.#launch()
  }

  /** Lets a child go when its jobs are done. @param replace its successor comes up meanwhile */
  retire(child: PoolChildHandle, reason: string, replace: boolean): void {
    if (child.pid !== undefined) this.#log.childRetired(child.pid, reason)
    child.retire()
    if (replace) this.#oneMore()
  }

  /** Lets all of them go; resolves when they are gone. */
  async close(): Promise<void> {
    this.stop()
    for (const child of this.children) child.retire()
    if (this.children.size === 0) return
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
    })
  }

  /** No more children. */
  stop(): void {
    this.#isOpen = false
    clearTimeout(this.#delay)
  }

  get #starting(): number {
    let count = 0
    for (const { state } of this.children) if (state === 'starting') count++
    return count
  }

  /** Several may go in the same moment: each has a successor of its own. */
  #oneMore(): void {
    this.grow(this.#starting + 1)
  }

  #launch(): void {
    const begun = performance.now()
    const child = new PoolChildHandle(this.#nursery, this.#options, {
      ready: (jobs) => {
        this.#log.childReady(child.pid, performance.now() - begun, jobs)
        this.#events.hasRoom(child)
      },
      freed: () => {
        this.#proven()
        if (child.hasRoom) this.#events.hasRoom(child)
        else this.#events.hasLess()
      },
      pace: (wallMs) => this.#events.jobEnded(wallMs),
      tookBack: (executions) => {
        this.#events.tookBack(executions)
        if (child.hasRoom) this.#events.hasRoom(child)
      },
      output: (stream, text) => this.#log.childOutput(child.pid, stream, text),
      notice: (message) => this.#log.notice(child.pid, message),
      gone: (end) => this.#gone(child, end),
    })
    this.children.add(child)
  }

  /** A child has ended a job. */
  #proven(): void {
    if (this.#failedStarts === 0) return
    this.#failedStarts = 0
    this.#resume()
  }

  #gone(child: PoolChildHandle, end: ChildEnd): void {
    this.children.delete(child)
    if (!this.#isOpen) {
      if (this.children.size === 0) this.#whenEmpty?.()
      return
    }
    if (end.retired) return this.#keepLeast()
    if (!end.wasUseful) return this.#startFailed(end)
    if (!end.byJob) this.#log.childDied(child.pid, end.reason)
    this.#oneMore()
  }

  #keepLeast(): void {
    if (this.staying < this.#options.least) this.grow(1)
  }

  #startFailed(end: ChildEnd): void {
    const delays = this.#options.startDelaysMs ?? START_DELAYS_MS
    const delayMs = delays[this.#failedStarts++]
    const anyWorks = [...this.children].some(({ state }) => state === 'ready')
    // Code that cannot be loaded will not be better in a moment; what a hook connects to may be.
    const isHopeless = end.start !== undefined && end.start.stage !== 'afterFork'
    if (!anyWorks && (delayMs === undefined || isHopeless)) return this.#break(end)
    const waitMs = delayMs ?? (delays.at(-1) as number)
    this.#log.startFailed(end.reason, waitMs)
    this.#wanted = Math.max(this.#wanted, 1)
    this.#delay ??= setTimeout(() => this.#resume(), waitMs)
  }

  #resume(): void {
    clearTimeout(this.#delay)
    this.#delay = undefined
    const wanted = this.#wanted
    this.#wanted = 0
    if (wanted > 0) this.grow(wanted)
  }

  #break({ reason, start }: ChildEnd): void {
    this.stop()
    const cause = start && Object.assign(new Error(start.failure.message), start.failure)
    this.#events.broken(new PoolStartError(`no pool child can be started: ${reason}`, { cause }))
  }

  /** The nursery has nothing to start them from any more, and says so itself. */
  lost(): void {
    this.stop()
    this.#events.broken(undefined)
  }
}
