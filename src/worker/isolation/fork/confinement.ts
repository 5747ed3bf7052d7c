import type { JobFailure } from '../../../job/failure.ts'
import { outOfMemory } from '../../../job/limit-errors.ts'
import type { MemoryGroup } from '../../cgroup/memory-group.ts'
import type { MemoryGroups } from '../../cgroup/memory-groups.ts'

/** A horse whose job has a memory limit, in a control group of its own from before the job begins. */
export class Confinement {
  readonly #groups: MemoryGroups
  readonly #bytes: number
  #group: MemoryGroup | undefined

  constructor(groups: MemoryGroups, bytes: number) {
    this.#groups = groups
    this.#bytes = bytes
  }

  /** @returns why the limit is only watched, where that is so */
  async admit(born: Promise<number>): Promise<string | undefined> {
    try {
      this.#group = this.#groups.create(this.#bytes)
      await this.#group.admit(await born)
      return undefined
    } catch (error) {
      const { code, message } = error as Error & { code?: string }
      // It has died already, which is told elsewhere.
      return code === 'ESRCH' ? undefined : `its memory limit is watched only, for it got no control group: ${message}`
    }
  }

  /** The kernel has killed a process of it for its memory: the horse, or one that it has started. */
  get isOutOfMemory(): boolean {
    return this.#group?.hasKilled ?? false
  }

  /**
   * The failure of a job of which the kernel has killed a process; undefined where it has killed none.
   * @param cause what the job made of that itself
   */
  explain(cause?: JobFailure): JobFailure | undefined {
    return this.isOutOfMemory ? outOfMemory(this.#bytes).toFailure(cause) : undefined
  }

  end(): void {
    if (this.#group) this.#groups.release(this.#group)
    this.#group = undefined
  }
}
