import { COLD, type Comparison, isSignificant, WARM } from '../compare.ts'
import type { CallFacts } from './call-facts.ts'

export const LEAST_PRESENCE = 0.95
export const GONE_SHARE = 0.05
/** Of the code that a function runs itself: more than this is not run any more. */
const MOSTLY = 0.5
/** Of what has gone, so much must be known to be work that is not done any more, and not work that has become faster. */
const EXPLAINED = 0.75

/**
 * Why a function costs nothing in a used process: it could be that it does not do its work any more, or that V8 has
 * compiled it meanwhile. Time cannot tell these apart; counts can.
 */
export class Explanation {
  readonly #comparison: Comparison
  readonly #facts: CallFacts
  readonly #explained = new Map<number, number>()

  constructor(comparison: Comparison, facts: CallFacts) {
    this.#comparison = comparison
    this.#facts = facts
  }

  /** Called in every fresh process, and never in a used one. */
  isRepeated(frame: number): boolean {
    const callFrame = this.#comparison.merge.frames.callFrame(frame)
    const share = this.#facts.coldShare(callFrame)
    return share !== undefined && share >= LEAST_PRESENCE && this.#facts.warmCalls(callFrame) === 0
  }

  /** Called in every process, but what it does at its first call, it does not do again. */
  isKept(node: number): boolean {
    const { merge } = this.#comparison
    const frame = merge.trie.frames[node] as number
    const category = merge.frames.category(frame)
    if (category !== 'application' && category !== 'node_modules') return false
    if ((this.#facts.coldShare(merge.frames.callFrame(frame)) ?? 0) < LEAST_PRESENCE || !this.#isGone(node))
      return false
    return this.#explainedMs(node) >= EXPLAINED * (this.#comparison.of(node, COLD).ms - this.#garbageMs(node))
  }

  /** V8's code is not counted, and Node's not surely: it is gone where its time is, and its caller is not one that only sometimes has work. */
  isGoneNative(node: number): boolean {
    const { merge } = this.#comparison
    const { functionName } = merge.frames.callFrame(merge.trie.frames[node] as number)
    return (
      !functionName.startsWith('(') && !this.#isCalledNowAndThen(this.#comparison.caller(node)) && this.#isGone(node)
    )
  }

  /** Of its own time, nothing is a matter of new code: it does less in a used process. */
  doesLess(frame: number): boolean {
    const callFrame = this.#comparison.merge.frames.callFrame(frame)
    return !this.#facts.worksAlike(callFrame) || this.#facts.onlyColdShare(callFrame) > MOSTLY
  }

  #isGone(node: number): boolean {
    const [cold, warm] = [this.#comparison.of(node, COLD), this.#comparison.of(node, WARM)]
    return warm.ms <= cold.ms * GONE_SHARE && isSignificant(cold, warm)
  }

  /** For some jobs again, for others not: what it calls is gone only where its caller had nothing to do. */
  #isCalledNowAndThen(frame: number | undefined): boolean {
    if (frame === undefined || this.isRepeated(frame)) return false
    const callFrame = this.#comparison.merge.frames.callFrame(frame)
    return !this.#facts.isCalledAlike(callFrame) || !this.#facts.worksAlike(callFrame)
  }

  /** Of its time in a fresh process, what is known not to be done in a used one. */
  #explainedMs(node: number): number {
    const known = this.#explained.get(node)
    if (known !== undefined) return known
    const ms = this.#explain(node)
    this.#explained.set(node, ms)
    return ms
  }

  #explain(node: number): number {
    const { trie, frames } = this.#comparison.merge
    const frame = trie.frames[node] as number
    const category = frames.category(frame)
    if (category === 'gc') return 0
    const whole = this.#comparison.of(node, COLD).ms - this.#garbageMs(node)
    const isForeign = category === 'native' || category === 'node'
    if (isForeign ? this.isGoneNative(node) : this.isRepeated(frame)) return whole
    const isOwnGone = this.#facts.onlyColdShare(frames.callFrame(frame)) > MOSTLY
    const own = isOwnGone ? this.#comparison.selfMs(node, COLD) : 0
    return trie.children(node).reduce((sum, child) => sum + this.#explainedMs(child), own)
  }

  /** The collector comes when it comes. */
  #garbageMs(node: number): number {
    const { trie, frames } = this.#comparison.merge
    return trie.children(node).reduce((sum, child) => {
      const isGarbage = frames.category(trie.frames[child] as number) === 'gc'
      return sum + (isGarbage ? this.#comparison.of(child, COLD).ms : this.#garbageMs(child))
    }, 0)
  }
}
