/** How many horses stand by in a worker with nothing to do. */
const FEWEST = 1

/**
 * How many horses are to stand by. Given a number, that many. `auto`: as many as jobs come within the time that a fork
 * takes, which shows in how low their number falls: where it falls to nothing there were too few, and twice as many stand
 * by from then on; where it stays above one, there were too many. At most as many as there are slots: no more jobs
 * than that can come at once.
 */
export class StandbySize {
  readonly #isAuto: boolean
  #wanted: number
  #most: number
  /** The fewest that were left since the last `settle`. */
  #low: number

  /** @param most as many as there are slots */
  constructor(standby: number | 'auto', most: number) {
    this.#isAuto = standby === 'auto'
    this.#most = most
    // At first nobody knows how many will come at once.
    this.#wanted = standby === 'auto' ? most : standby
    this.#low = this.#wanted
  }

  get wanted(): number {
    return this.#isAuto ? Math.min(this.#wanted, this.#most) : this.#wanted
  }

  set most(slots: number) {
    this.#most = slots
  }

  /** A job has come. @param left how many stand by after it has taken one; -1 where there was none for it */
  took(left: number): void {
    if (left < this.#low) this.#low = left
    if (left < 0 && this.#isAuto) this.#wanted = Math.min(this.#most, this.#wanted * 2)
  }

  /** Some time has passed: those that nobody has needed in it are not wanted any more. */
  settle(): void {
    if (this.#isAuto && this.#low > 1) this.#wanted = Math.max(FEWEST, this.wanted - this.#low + 1)
    this.#low = this.wanted
  }
}
