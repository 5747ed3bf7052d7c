import { formatBytes } from '../../../support/bytes.ts'
import { formatDuration } from '../../../support/duration.ts'
import type { PoolChildHandle } from './pool-child-handle.ts'
import type { PoolOptions } from './pool-options.ts'
import type { Roster } from './roster.ts'

const BUSY_MS = 100
const IDLE_MS = 1000
/** To look at memory means to read a file for each child. */
const LOOKS_PER_MEMORY = 3
/** A job may take its child as far beyond maxMemory before it is ended. */
const MEMORY_TOLERANCE = 2

/** Looks at the children from outside, again and again: what they print, how large, how old and how idle they are. */
export class Inspection {
  readonly #options: PoolOptions
  readonly #roster: Roster
  #timer: NodeJS.Timeout | undefined
  #paceMs = 0
  #isOn = false
  #isBusy = false
  #looks = 0

  constructor(options: PoolOptions, roster: Roster) {
    this.#options = options
    this.#roster = roster
  }

  start(): void {
    this.#isOn = true
    this.#schedule()
  }

  stop(): void {
    this.#isOn = false
    clearInterval(this.#timer)
  }

  /** While jobs run there is more to see. */
  set busy(isBusy: boolean) {
    this.#isBusy = isBusy
    // The slower pace is only taken at a look: between two short jobs a timer would be changed for nothing.
    if (isBusy && this.#paceMs !== BUSY_MS) this.#schedule()
  }

  #schedule(): void {
    clearInterval(this.#timer)
    if (!this.#isOn) return
    this.#paceMs = this.#isBusy ? BUSY_MS : IDLE_MS
    this.#timer = setInterval(() => this.#look(), this.#paceMs)
  }

  #look(): void {
    const looksAtMemory = this.#looks++ % LOOKS_PER_MEMORY === 0
    for (const child of this.#roster.children) {
      if (child.state === 'starting') continue
      child.drainOutput()
      if (looksAtMemory) this.#checkMemory(child)
      if (child.isStaying) this.#checkTime(child)
    }
    if (!this.#isBusy && this.#paceMs === BUSY_MS) this.#schedule()
  }

  #checkMemory(child: PoolChildHandle): void {
    const { maxMemoryBytes: limit } = this.#options
    if (limit === undefined) return
    const bytes = child.ownBytes
    if (bytes > limit * MEMORY_TOLERANCE && child.load > 0) {
      child.killForMemory(`${formatBytes(bytes)} of its own, more than twice its maxMemory of ${formatBytes(limit)}`)
    } else if (bytes > limit && child.isStaying) {
      this.#roster.retire(child, `it holds ${formatBytes(bytes)} of its own`, true)
    }
  }

  #checkTime(child: PoolChildHandle): void {
    const { maxAgeMs, idleMs, least } = this.#options
    const { ageMs, idleMs: idle } = child
    if (maxAgeMs !== undefined && ageMs > maxAgeMs) {
      this.#roster.retire(child, `it is ${formatDuration(ageMs)} old`, true)
    } else if (idleMs !== undefined && idle > idleMs && this.#roster.staying > least) {
      this.#roster.retire(child, `it was idle for ${formatDuration(idle)}`, false)
    }
  }
}
