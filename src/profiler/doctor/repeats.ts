import { COLD, type Comparison, isSignificant, type PerJob, together, WARM } from '../compare.ts'
import type { FrameTable } from '../frame-table.ts'
import type { CallFrame } from '../v8.ts'
import type { CallFacts } from './call-facts.ts'
import { Explanation, GONE_SHARE, LEAST_PRESENCE } from './explanation.ts'
import type { Openings } from './openings.ts'
import type { Repeat } from './repeat.ts'
import type { SuspectKinds } from './suspects.ts'

const LEAST_MS = 1
const LEAST_SHARE = 0.1
/** Of a function without a name. */
const NAMED_SHARE = 0.8

/** Where Node's event loop enters JavaScript: what is below has nothing in common. */
const LOOP = new Set([
  'processTicksAndRejections',
  'runNextTicks',
  'runMicrotasks',
  'processImmediate',
  'processTimers',
  'listOnTimeout',
  'callbackTrampoline',
])

interface Pick {
  readonly frame: number
  readonly nodes: number[]
  readonly within: number | undefined
}

/** Functions on the way to a node that decide what below it may be named. */
interface Way {
  /** The unsafe function that it is a part of. */
  readonly within: number | undefined
  /** Those that are given the job's arguments. */
  readonly given: readonly number[]
}

const TOP: Way = { within: undefined, given: [] }

/**
 * Finds the shallowest functions that do in (nearly) every fresh process what a used process never does: those that are
 * not called there, and those that keep what they have made at their first call. Where one of them opens what must not
 * be carried over a fork, the parts of it that do not are findings of their own.
 */
export class RepeatFinder {
  readonly #comparison: Comparison
  readonly #facts: CallFacts
  readonly #openings: Openings
  readonly #frames: FrameTable
  readonly #kinds: SuspectKinds
  readonly explanation: Explanation

  constructor(comparison: Comparison, facts: CallFacts, openings: Openings, kinds: SuspectKinds) {
    this.#comparison = comparison
    this.#facts = facts
    this.#openings = openings
    this.#frames = comparison.merge.frames
    this.#kinds = kinds
    this.explanation = new Explanation(comparison, facts)
  }

  /** Most saved first. */
  find(): Repeat[] {
    const picks = new Map<number, Pick>()
    for (const top of this.#comparison.jobNodes()) this.#walk(top, picks, TOP)
    this.#splitUnsafe(picks)
    this.#absorbContinuations(picks)
    return [...picks.values()]
      .map((pick) => this.#measure(pick))
      .filter((repeat) => repeat !== undefined)
      .sort((a, b) => b.coldMs - b.warmMs - (a.coldMs - a.warmMs))
  }

  #walk(node: number, picks: Map<number, Pick>, way: Way): void {
    const { trie } = this.#comparison.merge
    for (const child of trie.children(node)) {
      const frame = trie.frames[child] as number
      const isSplit = way.within !== undefined && this.unsafeOf(frame).length > 0
      if (!isSplit && this.#isFinding(child, way) && !this.#hasNamedParts(child, way))
        this.#pick(child, picks, way.within)
      else if (this.#kinds.given.has(frame)) this.#walk(child, picks, { ...way, given: [...way.given, frame] })
      else this.#walk(child, picks, way)
    }
  }

  /** What has no name, but calls what has, and does little else, is better known by that. */
  #hasNamedParts(node: number, way: Way): boolean {
    if (this.isNameable(this.#comparison.merge.trie.frames[node] as number)) return false
    const parts = new Map<number, Pick>()
    this.#walk(node, parts, way)
    const named = [...parts.values()].filter(({ frame }) => this.isNameable(frame)).flatMap(({ nodes }) => nodes)
    return this.#sum(named, COLD).ms >= NAMED_SHARE * this.#comparison.of(node, COLD).ms
  }

  #pick(node: number, picks: Map<number, Pick>, within: number | undefined): void {
    const frame = this.#comparison.merge.trie.frames[node] as number
    // Code of V8's or Node's is the same function everywhere; what it is here for, only its caller tells.
    const key = ['native', 'node'].includes(this.#frames.category(frame)) ? -1 - node : frame
    const known = picks.get(key)
    if (known) known.nodes.push(node)
    else picks.set(key, { frame, nodes: [node], within })
  }

  #isFinding(node: number, way: Way): boolean {
    const frame = this.#comparison.merge.trie.frames[node] as number
    const category = this.#frames.category(frame)
    if (category === 'gc' || this.#frames.isOwn(frame) || this.#isHandler(frame)) return false
    if (category === 'node' && LOOP.has(this.#frames.callFrame(frame).functionName)) return false
    // V8's and Node's code does what its caller wants, for which that may use all that it was given.
    if (category === 'native' || category === 'node')
      return way.given.every((at) => this.#isHandler(at)) && this.explanation.isGoneNative(node)
    if (way.given.some((above) => this.#sees(frame, above))) return false
    if (this.explanation.isRepeated(frame)) return true
    // What it keeps, it keeps for what it was given; those that it calls for that may do it for all.
    return !this.#kinds.given.has(frame) && this.explanation.isKept(node)
  }

  /** A function that is written within another one has all that this was given. */
  #sees(frame: number, above: number): boolean {
    return this.#facts.isWithin(this.#frames.callFrame(frame), this.#frames.callFrame(above))
  }

  #isHandler(frame: number): boolean {
    return this.#kinds.handlers.has(frame)
  }

  /** Called in every fresh process, and never in a used one. */
  isRepeated(callFrame: CallFrame): boolean {
    return this.explanation.isRepeated(this.#frames.intern(callFrame))
  }

  /** A caller that is there only for this: in a used process it is called, and costs next to nothing. */
  isShellOf({ coldMs }: Repeat, callFrame: CallFrame): boolean {
    const share = this.#facts.coldShare(callFrame) ?? 0
    if (share < LEAST_PRESENCE) return false
    const [cold, warm] = this.#comparison.frameMs(this.#frames.intern(callFrame))
    return warm <= coldMs * GONE_SHARE && cold <= coldMs * (1 + LEAST_SHARE)
  }

  unsafeOf(frame: number): string[] {
    if (this.#frames.category(frame) === 'native') return []
    const callFrame = this.#frames.callFrame(frame)
    return this.#openings.under(callFrame, this.#facts.endLine(callFrame))
  }

  /** What has neither name nor file of the application's cannot be called by it. */
  isNameable(frame: number): boolean {
    const category = this.#frames.category(frame)
    const { functionName } = this.#frames.callFrame(frame)
    if (functionName === '' || functionName === '(anonymous)') return false
    return category === 'application' || category === 'node_modules'
  }

  /** What opens a socket and builds tables is two things; the tables can be had before the fork. */
  #splitUnsafe(picks: Map<number, Pick>): void {
    for (const pick of [...picks.values()]) {
      if (this.unsafeOf(pick.frame).length === 0) continue
      const parts = new Map<number, Pick>()
      for (const node of pick.nodes) this.#walk(node, parts, { ...TOP, within: pick.frame })
      for (const [key, part] of parts) {
        if (!this.isNameable(part.frame)) continue
        const known = picks.get(key)
        if (known) known.nodes.push(...part.nodes)
        else picks.set(key, part)
      }
    }
  }

  /**
   * After an `await` a function goes on without its callers above it. A finding that is also seen below another one is
   * a part of that.
   */
  #absorbContinuations(picks: Map<number, Pick>): void {
    const below = new Map<Pick, Set<number>>()
    for (const pick of picks.values()) below.set(pick, this.#framesBelow(pick))
    for (const [key, inner] of picks) {
      const outer = [...picks.values()].find(
        (pick) =>
          pick !== inner &&
          inner.frame !== pick.frame &&
          this.unsafeOf(pick.frame).length === 0 &&
          below.get(pick)?.has(inner.frame) &&
          !below.get(inner)?.has(pick.frame),
      )
      if (outer === undefined || this.unsafeOf(inner.frame).length > 0) continue
      outer.nodes.push(...inner.nodes)
      picks.delete(key)
    }
  }

  #framesBelow({ nodes }: Pick): Set<number> {
    const { trie } = this.#comparison.merge
    const frames = new Set<number>()
    const visit = (node: number): void => {
      for (const child of trie.children(node)) {
        frames.add(trie.frames[child] as number)
        visit(child)
      }
    }
    for (const node of nodes) visit(node)
    return frames
  }

  #measure({ frame, nodes, within }: Pick): Repeat | undefined {
    const cold = this.#sum(nodes, COLD)
    const warm = this.#sum(nodes, WARM)
    const least = Math.max(LEAST_MS, LEAST_SHARE * this.#comparison.msPerJob(COLD))
    if (cold.ms - warm.ms < least || !isSignificant(cold, warm)) return undefined
    const presence = this.#presence(frame, nodes)
    if (presence < LEAST_PRESENCE) return undefined
    const category = this.#frames.category(frame)
    const caller = category === 'native' || category === 'node' ? this.#caller(nodes[0] as number) : undefined
    return { frame, nodes, coldMs: cold.ms, warmMs: warm.ms, presence, unsafe: this.unsafeOf(frame), within, caller }
  }

  #sum(nodes: readonly number[], side: number): PerJob {
    const figures = nodes.map((node) => this.#comparison.of(node, side))
    return together(figures, this.#comparison.executions(side))
  }

  /** By samples where it is long enough to be sampled in each process, else by counted calls. */
  #presence(frame: number, nodes: readonly number[]): number {
    const { trie } = this.#comparison.merge
    const seen = Math.max(...nodes.map((node) => trie.figures(node, COLD).executions))
    const sampled = seen / Math.max(1, this.#comparison.executions(COLD))
    return Math.max(sampled, this.#facts.coldShare(this.#frames.callFrame(frame)) ?? 0)
  }

  #caller(node: number): number | undefined {
    return this.#comparison.caller(node)
  }
}
