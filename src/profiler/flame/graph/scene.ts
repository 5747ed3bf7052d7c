import { formatShare } from './amounts.ts'
import type { FlameData, View } from './data.ts'
import type { Surroundings } from './describe.ts'
import { type Layout, layOut } from './layout.ts'
import { reverseTree } from './reverse.ts'
import { matchedTotal, matchingPlaces, parseQuery } from './search.ts'
import { nodeAt, type Place, type Tree, treeOf } from './tree.ts'

/** A profile's frames in both directions. */
export class Trees {
  readonly topDown: Tree
  #bottomUp: Tree | undefined

  constructor(data: FlameData) {
    this.topDown = treeOf(data)
  }

  of(order: View['order']): Tree {
    if (order === 'top-down') return this.topDown
    this.#bottomUp ??= reverseTree(this.topDown)
    return this.#bottomUp
  }
}

/** Everything that is to be drawn; it follows from the profile, the view and the width alone. */
export interface Scene {
  readonly data: FlameData
  readonly view: View
  readonly tree: Tree
  readonly around: Surroundings
  readonly layout: Layout
  /** The places that the search has found; undefined where nothing is searched. */
  readonly found: ReadonlySet<Place> | undefined
  /** What it has found, in words; empty where nothing is searched. */
  readonly matched: string
  /** Why the query is no regular expression. */
  readonly invalid: string | undefined
}

export function sceneOf(trees: Trees, data: FlameData, view: View, width: number): Scene {
  const tree = trees.of(view.order)
  const focus = nodeAt(tree, view.zoom) ?? tree.root
  const side = data.diff ? view.width : 'cold'
  const query = parseQuery(view.query)
  const found = query.kind === 'pattern' ? matchingPlaces(trees.topDown.nodes, query.pattern) : undefined
  const share = found && formatShare(matchedTotal(focus, side, found), focus[side].total)
  return {
    data,
    view,
    tree,
    around: { data, root: tree.root, focus, side },
    layout: layOut(focus, side, width),
    found,
    matched: share === undefined ? '' : `${share} matched`,
    invalid: query.kind === 'invalid' ? query.reason : undefined,
  }
}

export const NO_SAMPLES = 'No samples: nothing ran while the profile was taken.'
