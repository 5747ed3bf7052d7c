import type { ExplainableDeath } from '../fork/horse-death.ts'

/** A pool child has ended when it is dead *and* all that it had said is heard, whichever comes first. */
export class LastWord {
  readonly #onEnded: (death: ExplainableDeath) => void
  #death: ExplainableDeath | undefined
  #heard = false

  constructor(onEnded: (death: ExplainableDeath) => void) {
    this.#onEnded = onEnded
  }

  /** Its channel is at its end, or nobody listens any more. */
  heard(): void {
    if (this.#heard) return
    this.#heard = true
    if (this.#death) this.#onEnded(this.#death)
  }

  /** The process is gone, and this is how. */
  died(death: ExplainableDeath): void {
    if (this.#death) return
    this.#death = death
    if (this.#heard) this.#onEnded(death)
  }
}
