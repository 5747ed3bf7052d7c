import { CATEGORIES, type Category, type FlameData, VERDICTS, type Verdict } from './data.ts'

/** A place in code, or a heading. */
export interface Place {
  readonly name: string
  /** Empty where there is none. */
  readonly file: string
  readonly line: number
  readonly category: Category
  /** `name (file:line)`: what a search looks at. */
  readonly text: string
  /** Of the text: which shade it gets. */
  readonly hash: number
}

/** The two sides of a comparison; of a plain profile there is only the first. */
export type Side = 'cold' | 'warm'
export const SIDES = ['cold', 'warm'] as const satisfies readonly Side[]

export interface Amount {
  /**
   * As wide as it is drawn. Of the root: with what measuring cost, which is no part of its total, and is drawn
   * narrower than it was where it would leave no room for what was measured.
   */
  readonly extent: number
  readonly total: number
  readonly self: number
}

export interface FlameNode {
  /** Its place in `Tree.nodes`. */
  readonly id: number
  readonly place: Place
  readonly parent: FlameNode | undefined
  readonly depth: number
  /** In the order in which they are drawn. */
  readonly children: readonly FlameNode[]
  readonly cold: Amount
  readonly warm: Amount
  /** Undefined where merged stacks leave it unknown. */
  readonly executions: number | undefined
  readonly verdict: Verdict | undefined
  /** How often it was seen, with everything below it. */
  readonly samples: number
  /** How many nodes hang on it, itself included. */
  readonly size: number
}

export interface Tree {
  readonly root: FlameNode
  readonly nodes: readonly FlameNode[]
}

/** A node while the tree is built. */
type Growing = { -readonly [Key in Exclude<keyof FlameNode, 'parent' | 'children'>]: FlameNode[Key] } & {
  parent: Growing | undefined
  children: Growing[]
}

const ROOT_PLACE: Place = { name: 'all', file: '', line: 0, category: 'group', text: 'all', hash: 0 }

/** The tree as it was measured: from callers to what they call. */
export function treeOf(data: FlameData): Tree {
  const places = placesOf(data)
  const { nodes: columns } = data
  const root = growing(0, ROOT_PLACE, undefined)
  root.executions = data.executions
  const nodes = [root]
  columns.place.forEach((place, index) => {
    // The root comes before the first column.
    const parent = nodes[(columns.parent[index] ?? -1) + 1] ?? root
    const node = growing(nodes.length, places[place] ?? ROOT_PLACE, parent)
    node.cold = totalOf(columns.total[index])
    node.warm = totalOf(columns.warm?.[index])
    node.executions = columns.executions[index]
    node.verdict = VERDICTS[columns.verdict?.[index] ?? -1]
    node.samples = columns.samples[index] ?? 0
    parent.children.push(node)
    nodes.push(node)
  })
  // Children come after their parents: backwards, each node is complete when its parent asks.
  for (const node of [...nodes].reverse()) if (node !== root) sumUp(node)
  for (const side of SIDES) narrowProfiler(root, side)
  sumUp(root)
  return { root, nodes }
}

function growing(id: number, place: Place, parent: Growing | undefined): Growing {
  return {
    id,
    place,
    parent,
    depth: parent === undefined ? 0 : parent.depth + 1,
    children: [],
    cold: totalOf(0),
    warm: totalOf(0),
    executions: undefined,
    verdict: undefined,
    samples: 0,
    size: 1,
  }
}

function totalOf(total = 0): Amount {
  return { extent: total, total, self: 0 }
}

/** The most that the cost of measuring may be drawn as, of what was measured. */
const PROFILER_SHARE = 0.06

function narrowProfiler(root: Growing, side: Side): void {
  const [counted, profiler] = [root.children.filter(isCounted), root.children.filter((child) => !isCounted(child))]
  const measured = sum(counted, (child) => child[side].extent)
  const cost = sum(profiler, (child) => child[side].extent)
  const scale = (measured * PROFILER_SHARE) / cost
  if (measured === 0 || !(scale < 1)) return
  for (const node of withDescendants(profiler)) node[side] = { ...node[side], extent: node[side].extent * scale }
}

function withDescendants(nodes: readonly Growing[]): Growing[] {
  const all = [...nodes]
  for (const node of all) all.push(...node.children)
  return all
}

function sumUp(node: Growing): void {
  node.cold = withBelow(node, 'cold')
  node.warm = withBelow(node, 'warm')
  node.samples += sum(node.children, (child) => child.samples)
  node.size += sum(node.children, (child) => child.size)
}

function withBelow(node: Growing, side: Side): Amount {
  const below = sum(node.children, (child) => child[side].extent)
  if (node.parent === undefined) {
    return { extent: below, total: sum(node.children.filter(isCounted), (child) => child[side].total), self: 0 }
  }
  const { total } = node[side]
  return { extent: Math.max(total, below), total, self: Math.max(0, total - below) }
}

function placesOf(data: FlameData): Place[] {
  return data.places.map(([name, file, line, category]) => {
    const text = file === '' ? name : `${name} (${locationOf(file, line)})`
    return { name, file, line, category: CATEGORIES[category] ?? 'native', text, hash: hash(text) }
  })
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}

export function locationOf(file: string, line: number): string {
  return line > 0 ? `${file}:${line}` : file
}

/** What measuring cost is shown, and is no part of what was measured. */
export function isCounted(node: FlameNode): boolean {
  return node.place.category !== 'profiler'
}

export function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0
  for (const item of items) total += of(item)
  return total
}

/** The way to a node: which child of which child, from the root. */
export function pathOf(node: FlameNode): number[] {
  const path: number[] = []
  for (let at = node; at.parent !== undefined; at = at.parent) path.unshift(at.parent.children.indexOf(at))
  return path
}

/** Undefined where the path leads nowhere, as that of another graph may. */
export function nodeAt(tree: Tree, path: readonly number[]): FlameNode | undefined {
  let node: FlameNode | undefined = tree.root
  for (const index of path) node = node?.children[index]
  return node
}
