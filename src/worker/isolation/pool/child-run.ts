import { LazyAbort } from '../../../job/context.ts'
import type { BeginWord } from './begin-word.ts'
import type { RunOrder } from './messages.ts'
import type { UsageNumbers } from './usage-numbers.ts'

/** A job of this process. */
export class ChildRun {
  readonly execution: number
  readonly order: RunOrder
  readonly args: string
  readonly abort = new LazyAbort()
  readonly #round: number
  begunAt = 0
  /** What the process had used; only where the job has it for itself, and did not follow another. */
  before: UsageNumbers | undefined
  /** Lifts the limits that only this job has. */
  lift: (() => void) | undefined

  constructor(order: RunOrder, args: string, round: number) {
    this.execution = order.execution
    this.order = order
    this.args = args
    this.#round = round
  }

  /** False where the supervisor has taken it back. */
  mayBegin(word: BeginWord | undefined): boolean {
    return word?.begin(this.execution, this.#round) ?? true
  }
}

/** The jobs of one order, in its order. */
export function runsOf(round: number, orders: readonly RunOrder[], texts: string): readonly ChildRun[] {
  let at = 0
  return orders.map((order) => {
    const args = texts.slice(at, at + order.args)
    at += order.args
    return new ChildRun(order, args, round)
  })
}
