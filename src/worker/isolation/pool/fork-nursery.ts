import { closeSync } from 'node:fs'
import type { PoolRole } from '../fork/messages.ts'
import { writeRole } from '../fork/role.ts'
import type { ZygoteKeeper, ZygoteUser } from '../fork/zygote-keeper.ts'
import { ForkedProcess } from './forked-process.ts'
import type { Nursery, PoolProcessEvents } from './pool-process.ts'

/** Pool children by fork(2) of the zygote: in a millisecond, warm, and with its memory shared. */
export class ForkNursery implements Nursery, ZygoteUser {
  readonly canTakeBack = true
  readonly #keeper: ZygoteKeeper
  /** A file that every child reads at its birth. */
  readonly #role: number
  #onLost: (() => void) | undefined

  constructor(keeper: ZygoteKeeper, role: PoolRole) {
    this.#keeper = keeper
    this.#role = writeRole(keeper.native, { pool: role })
  }

  start(onLost: () => void): Promise<void> {
    this.#onLost = onLost
    return this.#keeper.start(this)
  }

  recycle(): Promise<void> {
    return this.#keeper.recycle()
  }

  launch(events: PoolProcessEvents): ForkedProcess {
    const child = new ForkedProcess(this.#keeper, this.#role, events)
    this.#keeper.order(child, this)
    return child
  }

  async close(): Promise<void> {
    await this.#keeper.close(this)
    closeSync(this.#role)
  }

  /** What was ordered meanwhile, the keeper has forked. */
  zygoteReady(): void {}

  /** It was told so itself. */
  offspringGone(): void {}

  zygoteLost(): void {
    this.#onLost?.()
  }
}
