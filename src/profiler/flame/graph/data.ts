/**
 * What a flame graph's file carries, as JSON: the profile without what a picture does not need. Everything in graph/
 * works on it and runs in Node, where the still picture is drawn, as well as in the browser, where it is redrawn.
 */
export interface FlameData {
  readonly title: string
  readonly subtitle: string
  readonly unit: 'microseconds' | 'bytes'
  /** In how many executions the profile was taken; amounts are sums over all of them, but per job in a comparison. */
  readonly executions: number
  /** A comparison of fresh processes (`total`) with used ones (`warm`). */
  readonly diff: boolean
  /** What the sides are called, where they are something else. */
  readonly sides?: SideNames
  /** Each place in code once. */
  readonly places: readonly PlaceData[]
  readonly nodes: NodeColumns
  readonly view: View
}

export interface SideNames {
  readonly cold: string
  readonly warm: string
}

export type PlaceData = readonly [name: string, file: string, line: number, category: number]

/** One entry for each node below the root, parents first, siblings in the order in which they are drawn. */
export interface NodeColumns {
  /** Index into `places`. */
  readonly place: readonly number[]
  /** Index of the parent among these nodes; -1 below the root. */
  readonly parent: readonly number[]
  readonly total: readonly number[]
  readonly executions: readonly number[]
  /** That ended in this very node. */
  readonly samples: readonly number[]
  /** Only in a comparison. */
  readonly warm?: readonly number[]
  /** Index into VERDICTS; only in a comparison. */
  readonly verdict?: readonly number[]
}

export const CATEGORIES = ['application', 'node_modules', 'node', 'native', 'gc', 'profiler', 'group'] as const
export type Category = (typeof CATEGORIES)[number]

/** What a comparison says of a stack: no difference beyond chance, gone when warm, less when warm, more when warm. */
export const VERDICTS = ['same', 'hoistable', 'less', 'more'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Everything that the reader can choose. All of it is in the address, so that a link shows the same. */
export interface View {
  readonly layout: 'icicle' | 'flame'
  /** From callers to what they call; or reversed, from each function to who calls it. */
  readonly order: 'top-down' | 'bottom-up'
  /** Which side of a comparison gives frames their width. */
  readonly width: 'cold' | 'warm'
  readonly colour: 'verdict' | 'module'
  readonly theme: 'auto' | 'light' | 'dark'
  /** Which child of which child, from the root, fills the width. */
  readonly zoom: readonly number[]
  readonly query: string
}

export const DEFAULT_VIEW: View = {
  layout: 'icicle',
  order: 'top-down',
  width: 'cold',
  colour: 'verdict',
  theme: 'auto',
  zoom: [],
  query: '',
}
