import type { Verdict } from './data.ts'
import { type Amount, type FlameNode, isCounted, type Place, type Side, sum, type Tree } from './tree.ts'

/** One of the stacks that are merged in a reversed node. */
interface Strand {
  /** The end of the stack, as it was measured: whose own time this is. */
  readonly end: FlameNode
  /** The frame of that stack which the node stands for. */
  readonly at: FlameNode
}

/**
 * The same stacks from their other end: below the root each function with its own time, below it who called it.
 * There can be as many reversed frames as there are frames times their depth, most of them too narrow to be seen:
 * children are made when somebody asks for them.
 */
export function reverseTree(tree: Tree): Tree {
  const nodes: ReversedNode[] = []
  const strands = tree.nodes
    .filter((node) => node !== tree.root && (node.cold.self > 0 || node.warm.self > 0))
    .map((node) => ({ end: node, at: node }))
  return { root: new ReversedNode(nodes, tree.root, undefined, strands), nodes }
}

export class ReversedNode implements FlameNode {
  readonly id: number
  readonly place: Place
  readonly parent: ReversedNode | undefined
  readonly depth: number
  readonly cold: Amount
  readonly warm: Amount
  readonly executions: number | undefined
  readonly verdict: Verdict | undefined
  readonly samples: number
  /** What hangs on it is not known before it is asked for. */
  readonly size = 1
  readonly strands: readonly Strand[]
  readonly #nodes: ReversedNode[]
  #children: ReversedNode[] | undefined

  /** `original`: the frame that it stands for, or one of them. */
  constructor(
    nodes: ReversedNode[],
    original: FlameNode,
    parent: ReversedNode | undefined,
    strands: readonly Strand[],
  ) {
    this.id = nodes.push(this) - 1
    this.#nodes = nodes
    this.place = original.place
    this.parent = parent
    this.depth = parent === undefined ? 0 : parent.depth + 1
    this.strands = strands
    const isRoot = parent === undefined
    // Only the function itself has spent the time; its callers have waited for it.
    const isEnd = parent !== undefined && parent.parent === undefined
    this.cold = isRoot ? original.cold : amountOf(strands, 'cold', isEnd)
    this.warm = isRoot ? original.warm : amountOf(strands, 'warm', isEnd)
    this.samples = isRoot ? original.samples : sum(strands, ({ end }) => ownSamples(end))
    // In how many executions merged stacks were, cannot be told from them.
    this.executions = isRoot ? original.executions : strands.length === 1 ? strands[0]?.end.executions : undefined
    this.verdict = commonVerdict(strands)
  }

  get children(): readonly ReversedNode[] {
    this.#children ??= this.#expand()
    return this.#children
  }

  #expand(): ReversedNode[] {
    const groups = new Map<Place, Strand[]>()
    for (const strand of this.strands) {
      const at = this.parent === undefined ? strand.at : strand.at.parent
      // The root of the measured tree is no caller.
      if (at?.parent === undefined) continue
      const group = groups.get(at.place)
      if (group === undefined) groups.set(at.place, [{ end: strand.end, at }])
      else group.push({ end: strand.end, at })
    }
    return [...groups.values()]
      .sort(byWidth)
      .map((strands) => new ReversedNode(this.#nodes, (strands[0] as Strand).at, this, strands))
  }
}

function amountOf(strands: readonly Strand[], side: Side, isEnd: boolean): Amount {
  const total = sum(strands, ({ end }) => end[side].self)
  // Not the same as the total where measuring is drawn narrower than it was.
  const extent = sum(strands, ({ end }) => end[side].extent - sum(end.children, (child) => child[side].extent))
  return { extent, total, self: isEnd ? total : 0 }
}

function ownSamples(node: FlameNode): number {
  return node.samples - sum(node.children, (child) => child.samples)
}

function commonVerdict([first, ...others]: readonly Strand[]): Verdict | undefined {
  const verdict = first?.end.verdict
  return others.every(({ end }) => end.verdict === verdict) ? verdict : undefined
}

function byWidth(a: readonly Strand[], b: readonly Strand[]): number {
  const own = (strands: readonly Strand[], side: Side) => sum(strands, ({ end }) => end[side].self)
  return rank(a) - rank(b) || own(b, 'cold') - own(a, 'cold') || own(b, 'warm') - own(a, 'warm') || compare(a, b)
}

/** What measuring cost stands behind what was measured. */
function rank([first]: readonly Strand[]): number {
  return first === undefined || isCounted(first.end) ? 0 : 1
}

function compare([a]: readonly Strand[], [b]: readonly Strand[]): number {
  return (a as Strand).at.place.text < (b as Strand).at.place.text ? -1 : 1
}
