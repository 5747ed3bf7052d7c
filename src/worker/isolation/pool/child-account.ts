import type { ProcessUsage } from '../../../job/record.ts'
import type { ExplainableDeath } from '../fork/horse-death.ts'
import type { EndOfJob } from './messages.ts'
import { ownMemory } from './own-memory.ts'
import type { PoolProcess } from './pool-process.ts'
import { usageAtDeath } from './settle-at-death.ts'
import { usageBetween } from './usage-between.ts'
import { readUsage, type UsageNumbers } from './usage-numbers.ts'

/** What a pool child uses, and what of it each of its jobs has used. */
export class ChildAccount {
  readonly #process: PoolProcess
  /** What the process had used when it was last heard of. */
  #usage: ProcessUsage | undefined
  #inheritedBytes = 0

  constructor(process: PoolProcess) {
    this.#process = process
  }

  /** It has begun its life. */
  open(usage: UsageNumbers): void {
    this.#usage = readUsage(usage)
    if (this.#process.inheritsMemory) this.#inheritedBytes = this.ownBytes
  }

  /** Memory that it has taken for itself since then; what it shares with its zygote is not its own. */
  get ownBytes(): number {
    const { pid } = this.#process
    const bytes = pid === undefined ? undefined : ownMemory(pid)
    // Elsewhere than on Linux there is only the peak that it tells itself, at the end of each job.
    return bytes === undefined ? (this.#usage?.maxRssBytes ?? 0) : bytes - this.#inheritedBytes
  }

  /** Undefined where jobs share the process. */
  ofJob({ usage, usageBefore }: EndOfJob): ProcessUsage | undefined {
    if (usage === undefined) return undefined
    const before = usageBefore === undefined ? this.#usage : readUsage(usageBefore)
    this.#usage = readUsage(usage)
    return before && usageBetween(before, this.#usage)
  }

  /** Of the job that it has died with, where one had it for itself. */
  atDeath(death: ExplainableDeath): ProcessUsage | undefined {
    return usageAtDeath(this.#usage, death)
  }
}
