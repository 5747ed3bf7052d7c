import { COLD, type Comparison, WARM } from '../compare.ts'
import { FrameTable } from '../frame-table.ts'
import type { SuspectFacts } from './witness-runs.ts'

/** What is known of functions that could be findings, from watching their calls. By their numbers in the frame table. */
export interface SuspectKinds {
  /** Those that are given a value of the job's arguments, and which, as JSON. */
  readonly given: ReadonlyMap<number, string>
  /** The job's own function. */
  readonly handlers: ReadonlySet<number>
}

const MOST = 150
const LEAST_MS = 0.5
const LEAST_SHARE = 0.05

/**
 * Functions of the application and its packages that were seen: numbers in the frame table, first those that cost most
 * more in a fresh process. Of the small ones only the outermost: an asynchronous job's own function may be seen for an
 * instant only.
 */
export function suspectsOf(comparison: Comparison): number[] {
  const { trie, frames } = comparison.merge
  const saved = new Map<number, number>()
  const visit = (node: number, above: ReadonlySet<number>): void => {
    for (const child of trie.children(node)) {
      const frame = trie.frames[child] as number
      // A function that calls itself counts once.
      const gain = above.has(frame) ? 0 : comparison.of(child, COLD).ms - comparison.of(child, WARM).ms
      saved.set(frame, (saved.get(frame) ?? 0) + gain)
      visit(child, new Set([...above, frame]))
    }
  }
  for (const top of comparison.jobNodes()) visit(top, new Set())
  const outermost = new Set(comparison.jobNodes().flatMap((top) => trie.children(top).map((node) => trie.frames[node])))
  const least = Math.max(LEAST_MS, LEAST_SHARE * comparison.msPerJob(COLD))
  return [...saved]
    .filter(([frame, ms]) => (ms >= least || outermost.has(frame)) && isCode(frames, frame))
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST)
    .map(([frame]) => frame)
}

/** @param facts by the place in the list of suspects */
export function kindsOf(suspects: readonly number[], facts: SuspectFacts): SuspectKinds {
  const given = new Map([...facts.given].map(([index, value]) => [suspects[index] as number, value]))
  const handlers = suspects.filter((_, index) => {
    const caller = facts.callers.get(index)?.find(({ url }) => url !== '' && !url.startsWith('node:'))
    return caller !== undefined && FrameTable.isOwnUrl(caller.url)
  })
  return { given, handlers: new Set(handlers) }
}

function isCode(frames: FrameTable, frame: number): boolean {
  const category = frames.category(frame)
  return category === 'application' || category === 'node_modules'
}
