import type { Prefetch } from '../isolation.ts'
import { LONG_MS, Pace } from './pace.ts'
import type { PoolChildHandle } from './pool-child-handle.ts'

export interface PrefetchingHooks {
  children(): Iterable<PoolChildHandle>
  /** Jobs in the pool beyond those that it can run at a time. */
  excess(): number
  /** Children have taken back what a long job was in the way of: it may go to others; what is in excess after that has waited for too long. */
  spread(): void
}

/**
 * Jobs that are given to children ahead of need, and what keeps them from waiting behind a long one: a look at all children
 * now and then, as long as there is anything ahead.
 */
export class Prefetching implements Prefetch {
  /** It ever gives jobs ahead. */
  readonly isOn: boolean
  readonly #pace: Pace
  readonly #hooks: PrefetchingHooks
  #timer: NodeJS.Timeout | undefined

  /** @param most for each child; 0 for none */
  constructor(most: number, hooks: PrefetchingHooks) {
    this.isOn = most > 0
    this.#pace = new Pace(most)
    this.#hooks = hooks
  }

  get room(): number {
    const { depth } = this.#pace
    if (depth === 0) return 0
    let takers = 0
    for (const { takesAhead } of this.#hooks.children()) if (takesAhead) takers++
    return takers * depth
  }

  get excess(): number {
    return this.#hooks.excess()
  }

  /** How many jobs a child is given at a time while there are any. */
  get bundle(): number {
    return this.#pace.bundle
  }

  /** The child with the fewest jobs, of those that may have another; undefined where none may. */
  roomiest(): PoolChildHandle | undefined {
    const { depth } = this.#pace
    if (depth === 0) return undefined
    let found: PoolChildHandle | undefined
    let most = 0
    for (const child of this.#hooks.children()) {
      const room = child.roomAhead(depth)
      if (room <= most) continue
      found = child
      most = room
    }
    return found
  }

  jobEnded(wallMs: number): void {
    this.#pace.ended(wallMs)
  }

  /** Jobs wait for others to end: look whether they do. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#look(), LONG_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    let anyAhead = false
    for (const child of this.#hooks.children()) {
      child.freeFromLongJob()
      if (child.load > 1) anyAhead = true
    }
    this.#hooks.spread()
    if (!anyAhead && this.excess <= 0) this.stop()
  }
}
