import { ForkUnavailableError } from '../../errors.ts'
import type { Logger } from '../../support/logger.ts'
import { createZygoteKeeper } from './fork/create-zygote-keeper.ts'
import { ForkIsolation, type ForkOptions } from './fork/fork-isolation.ts'
import { explainForkAvailability } from './fork/load-native.ts'
import type { ZygoteKeeper } from './fork/zygote-keeper.ts'
import { createInlineIsolation } from './inline/create-inline-isolation.ts'
import type { Isolation, IsolationMode } from './isolation.ts'
import { createPoolIsolation } from './pool/create-pool-isolation.ts'
import { ForkNursery } from './pool/fork-nursery.ts'
import type { PoolOptions } from './pool/pool-options.ts'
import type { Nursery } from './pool/pool-process.ts'
import { SpawnNursery } from './pool/spawned-process.ts'

export interface IsolationOptions {
  readonly fork: ForkOptions
  readonly pool: PoolOptions
  /** How pool children are started; without it by fork, where that works. */
  readonly poolStart: 'fork' | 'spawn' | undefined
  /** How long inline jobs may block the event loop before somebody is warned. */
  readonly blockedMs: number
  /** How long `beforeExit` hooks may take. */
  readonly exitGraceMs: number
  readonly logger: Logger
  readonly onBroken: (error: Error) => void
}

/** Makes isolations of one worker: fork and pool have the same zygote. None is started. */
export class IsolationOpener {
  readonly #options: IsolationOptions
  #keeper: ZygoteKeeper | undefined

  constructor(options: IsolationOptions) {
    this.#options = options
  }

  /** @throws ForkUnavailableError */
  open(mode: IsolationMode): Isolation {
    const { fork, pool, blockedMs, exitGraceMs, logger, onBroken } = this.#options
    switch (mode) {
      case 'fork':
        return new ForkIsolation(fork, this.#zygote())
      case 'pool':
        return createPoolIsolation(pool, this.#nursery(), logger, onBroken)
      case 'inline':
        return createInlineIsolation({ modules: fork.modules, blockedMs, exitGraceMs }, logger)
    }
  }

  #nursery(): Nursery {
    const { poolStart, pool, fork, logger } = this.#options
    const { perChild } = pool
    const availability = explainForkAvailability()
    if (poolStart === 'fork' && !availability.available) throw new ForkUnavailableError(availability.reason)
    if (poolStart !== 'spawn' && availability.available) return new ForkNursery(this.#zygote(), { perChild })
    if (!availability.available) {
      logger.info(
        { event: 'pool.spawns' },
        `pool children are spawned, and each loads the jobs itself: ${availability.reason}`,
      )
    }
    const { modules, nodeFlags, hiddenEnv } = fork
    return new SpawnNursery({ modules, role: { perChild }, startMs: pool.startMs, nodeFlags, hiddenEnv })
  }

  #zygote(): ZygoteKeeper {
    const { fork, logger, onBroken } = this.#options
    if (this.#keeper === undefined || this.#keeper.closed) this.#keeper = createZygoteKeeper(fork, logger, onBroken)
    return this.#keeper
  }
}
