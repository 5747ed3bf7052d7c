/** Half of the word: numbers go round, and only those of a few jobs next to each other are ever compared. */
const HALF = 0xffff

/**
 * One word of memory that a pool child shares with its supervisor. It says which job the child has begun last, and which
 * round of jobs it may begin. A job is begun by the child, or taken back by the supervisor, never both, however busy
 * the child is: both change the word with one instruction that fails where the other was there first.
 */
export class BeginWord {
  readonly #word: Int32Array

  constructor(memory: ArrayBufferLike) {
    this.#word = new Int32Array(memory, 0, 1)
  }

  /** The round that jobs are given in now. */
  get round(): number {
    return roundOf(Atomics.load(this.#word, 0))
  }

  /** What changes whenever the child begins a job. */
  get progress(): number {
    return Atomics.load(this.#word, 0) & HALF
  }

  /** For the child. False where the job was taken back, with all others of its round. */
  begin(number: number, round: number): boolean {
    for (;;) {
      const seen = Atomics.load(this.#word, 0)
      if (roundOf(seen) !== round) return false
      if (this.#change(seen, round, number)) return true
    }
  }

  /** For the supervisor. From now on none of those that it has given is begun; which are, `hasBegun` tells for good. */
  takeBack(): void {
    for (;;) {
      const seen = Atomics.load(this.#word, 0)
      if (this.#change(seen, roundOf(seen) + 1, seen)) return
    }
  }

  /** Of a number that is not more than a few thousand away from the last one begun. */
  hasBegun(number: number): boolean {
    return ((Atomics.load(this.#word, 0) - number) & HALF) <= HALF >> 1
  }

  #change(seen: number, round: number, number: number): boolean {
    const next = ((round & HALF) << 16) | (number & HALF)
    return Atomics.compareExchange(this.#word, 0, seen, next) === seen
  }
}

function roundOf(word: number): number {
  return word >>> 16
}
