import { COLD, type Comparison, isSignificant, type PerJob, WARM } from '../compare.ts'

/** Code that runs in every process, and is slow only while it is new. */
export interface Warming {
  readonly frame: number
  readonly coldMs: number
  readonly warmMs: number
  readonly presence: number
}

/** Every process is a little slower at first, and that is not worth anybody's while. */
const LEAST_MS = 5
/** Of all that the job costs in a fresh process. */
const LEAST_OF_ALL = 0.15
const LEAST_SHARE = 0.7
/** A callee with so much of the difference is the better name for it. */
const MAIN_SHARE = 0.7

/**
 * What fresh processes lose by running code that V8 has not compiled and optimised yet: the difference that is left when
 * the repeats are taken out.
 * @param repeats nodes that are explained already
 * @param isOwnExplained functions whose own time is
 */
export function findWarming(
  comparison: Comparison,
  repeats: ReadonlySet<number>,
  isOwnExplained: (frame: number) => boolean,
): Warming | undefined {
  const { trie, frames } = comparison.merge
  const tops = comparison.jobNodes()
  const rest = (node: number, side: number): PerJob => {
    const whole = comparison.of(node, side)
    if (repeats.has(node)) return { ...whole, ms: 0, variance: 0 }
    let { ms, variance } = whole
    const takeOut = (inner: number): void => {
      if (isCode(inner) && isOwnExplained(trie.frames[inner] as number)) ms -= comparison.selfMs(inner, side)
      for (const child of trie.children(inner)) {
        if (repeats.has(child)) {
          const figure = comparison.of(child, side)
          ms -= figure.ms
          variance -= figure.variance
        } else takeOut(child)
      }
    }
    takeOut(node)
    return { ...whole, ms: Math.max(0, ms), variance: Math.max(0, variance) }
  }
  const saved = (node: number): number => rest(node, COLD).ms - rest(node, WARM).ms
  const isCode = (node: number): boolean => {
    const category = frames.category(trie.frames[node] as number)
    return category === 'application' || category === 'node_modules'
  }

  let best: number | undefined
  let nodes = [...tops]
  const whole = tops.reduce((sum, node) => sum + saved(node), 0)
  for (;;) {
    const main = nodes
      .flatMap((node) => trie.children(node))
      .filter((node) => !repeats.has(node))
      .toSorted((a, b) => saved(b) - saved(a))[0]
    // The handler is the least that is named, whatever its share.
    if (main === undefined || (saved(main) < MAIN_SHARE * whole && best !== undefined)) break
    if (saved(main) < 0.3 * whole) break
    if (isCode(main)) best = main
    nodes = [main]
  }
  if (best === undefined) return undefined
  const [cold, warm] = [rest(best, COLD), rest(best, WARM)]
  const gain = cold.ms - warm.ms
  const least = Math.max(LEAST_MS, LEAST_OF_ALL * comparison.msPerJob(COLD))
  if (gain < least || gain < LEAST_SHARE * cold.ms || !isSignificant(cold, warm)) return undefined
  const presence = trie.figures(best, COLD).executions / Math.max(1, comparison.executions(COLD))
  return { frame: trie.frames[best] as number, coldMs: cold.ms, warmMs: warm.ms, presence }
}
