import { ReversedNode } from './reverse.ts'
import { type FlameNode, isCounted, type Place, type Side, sum } from './tree.ts'

export type Query =
  | { readonly kind: 'none' }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  | { readonly kind: 'invalid'; readonly reason: string }

/** A regular expression; upper and lower case differ only where the query has upper case. */
export function parseQuery(query: string): Query {
  if (query === '') return { kind: 'none' }
  // `\S` and `\W` are no upper case.
  const hasUpperCase = /\p{Lu}/u.test(query.replace(/\\./g, ''))
  try {
    return { kind: 'pattern', pattern: new RegExp(query, hasUpperCase ? '' : 'i') }
  } catch (error) {
    return { kind: 'invalid', reason: (error as Error).message }
  }
}

/** The places whose name, file or line the pattern is found in. */
export function matchingPlaces(nodes: readonly FlameNode[], pattern: RegExp): ReadonlySet<Place> {
  const places = new Set(nodes.map((node) => node.place))
  return new Set([...places].filter((place) => pattern.test(place.text)))
}

/** What the matches in `focus` and below it add up to; of matches above each other only the widest counts. */
export function matchedTotal(focus: FlameNode, side: Side, found: ReadonlySet<Place>): number {
  if (found.has(focus.place)) return isCounted(focus) ? focus[side].total : 0
  return focus instanceof ReversedNode ? matchedAbove(focus, side, found) : matchedBelow(focus, side, found)
}

function matchedBelow(focus: FlameNode, side: Side, found: ReadonlySet<Place>): number {
  let total = 0
  const pending = [...focus.children]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (!found.has(node.place)) pending.push(...node.children)
    else if (isCounted(node)) total += node[side].total
  }
  return total
}

/** Below a reversed frame are its callers: along the stacks, without making the frames that nobody sees. */
function matchedAbove({ strands, parent }: ReversedNode, side: Side, found: ReadonlySet<Place>): number {
  return sum(strands, ({ end, at }) => {
    if (!isCounted(end)) return 0
    let caller = parent === undefined ? at : at.parent
    while (caller?.parent !== undefined && !found.has(caller.place)) caller = caller.parent
    return caller?.parent === undefined ? 0 : end[side].self
  })
}
