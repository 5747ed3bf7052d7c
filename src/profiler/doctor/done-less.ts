import type { Comparison } from '../compare.ts'
import type { CallFacts } from './call-facts.ts'
import type { Explanation } from './explanation.ts'

/**
 * Topmost nodes of what a used process does less often: what they save has nothing to do with new code. Functions that it calls
 * less, and what V8 and Node do for functions that have less to do.
 */
export function doneLess(comparison: Comparison, facts: CallFacts, explanation: Explanation): number[] {
  const { trie, frames } = comparison.merge
  const visit = (node: number, hasLess: boolean): number[] =>
    trie.children(node).flatMap((child) => {
      const frame = trie.frames[child] as number
      const category = frames.category(frame)
      const isForeign = category === 'native' || category === 'node'
      const isLess = category !== 'native' && !facts.isCalledAlike(frames.callFrame(frame))
      if (isLess || (isForeign && hasLess)) return [child]
      return visit(child, isForeign ? hasLess : explanation.doesLess(frame))
    })
  return comparison.jobNodes().flatMap((top) => visit(top, false))
}
