import type { ResidentMemory } from './native.ts'

/** What the zygote writes to shows in those that it forks later, so from time to time one is asked again. */
const ASK_EVERY = 100

/**
 * What the horses of one zygote have resident when they get their jobs. Without `afterFork` hooks all of them have run the
 * same code over the same image, and differ by a few pages: what one has told holds for those after it. A look at each would
 * cost more than all the rest of its bill.
 */
export class StartMemory {
  #memory: ResidentMemory | undefined
  #untilAsked = 0

  /** Undefined where the next horse is to tell its own. */
  take(): ResidentMemory | undefined {
    if (this.#memory === undefined) return undefined
    if (this.#untilAsked-- > 0) return this.#memory
    this.#untilAsked = ASK_EVERY
    return undefined
  }

  learn(memory: ResidentMemory): void {
    if (this.#memory === undefined) this.#untilAsked = ASK_EVERY
    this.#memory = memory
  }
}
