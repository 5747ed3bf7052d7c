import { UsageError } from '../../errors.ts'
import { type Frame, PHASES, type Profile, type ProfileNode } from '../profile.ts'
import { CATEGORIES, type FlameData, type NodeColumns, type PlaceData, VERDICTS, type Verdict } from './graph/data.ts'
import { printable } from './graph/markup.ts'
import type { ResolvedFlameOptions } from './options.ts'
import { subtitleOf } from './subtitle.ts'

/** A node of the profile on its way into the picture. */
interface Entry {
  readonly frame: Frame
  readonly node: ProfileNode
  readonly total: number
  readonly warm: number
  readonly children: Entry[]
}

/**
 * What the picture needs of a profile, in the order in which it is drawn: phases as they happen, functions widest first.
 * @throws UsageError where the profile is none
 */
export function packProfile(profile: Profile, options: ResolvedFlameOptions): FlameData {
  const { meta } = profile
  return {
    title: printable(options.title ?? meta.title),
    subtitle: printable(options.subtitle ?? subtitleOf(meta)),
    unit: meta.unit,
    executions: meta.executions,
    diff: meta.diff !== undefined,
    ...(meta.diff?.sides === undefined ? {} : { sides: meta.diff.sides }),
    places: profile.frames.map(packPlace),
    nodes: packNodes(sortedEntries(profile), meta.diff !== undefined),
    view: options.view,
  }
}

function packPlace({ function: name, file, line, category }: Frame): PlaceData {
  return [printable(name), printable(file), line, CATEGORIES.indexOf(category)]
}

function sortedEntries(profile: Profile): Entry[] {
  const top: Entry[] = []
  const entries: (Entry | undefined)[] = profile.nodes.map(() => undefined)
  profile.nodes.forEach((node, index) => {
    if (node.frame === -1) return
    const parent = entries[node.parent]
    if (parent === undefined && profile.nodes[node.parent]?.frame !== -1) {
      throw broken(`node ${index} has parent ${node.parent}, which is no node before it`)
    }
    const entry = entryOf(profile, node, index)
    entries[index] = entry
    // What took no time on either side can never be seen.
    if (entry.total > 0 || entry.warm > 0) (parent?.children ?? top).push(entry)
  })
  for (const siblings of [top, ...entries.map((entry) => entry?.children ?? [])]) siblings.sort(inDrawingOrder)
  return top
}

function entryOf(profile: Profile, node: ProfileNode, index: number): Entry {
  const frame = profile.frames[node.frame]
  if (frame === undefined) throw broken(`node ${index} has frame ${node.frame} of ${profile.frames.length}`)
  // A comparison is per job, a plain profile over all executions.
  const { diff } = node
  const perJob = node.total / Math.max(1, profile.meta.executions)
  const total = profile.meta.diff === undefined ? node.total : diff === undefined ? perJob : diff.coldMs * 1000
  const warm = (diff?.warmMs ?? 0) * 1000
  if (!(total >= 0 && warm >= 0 && total + warm < Number.POSITIVE_INFINITY)) {
    throw broken(`node ${index} (${frame.function}) has ${total} and ${warm}; expected finite numbers from 0`)
  }
  return { frame, node, total, warm, children: [] }
}

/** Phases are drawn as they happen; other headings keep the order they have. */
function inDrawingOrder(a: Entry, b: Entry): number {
  if (a.frame.category === 'group' && b.frame.category === 'group') return phaseOf(a) - phaseOf(b)
  return (
    last(a) - last(b) ||
    b.total - a.total ||
    b.warm - a.warm ||
    compare(a.frame.function, b.frame.function) ||
    compare(a.frame.file, b.frame.file)
  )
}

/** What measuring cost stands behind what was measured. */
function last({ frame }: Entry): number {
  return frame.category === 'profiler' ? 1 : 0
}

function phaseOf({ frame, node }: Entry): number {
  return node.phase === frame.function ? PHASES.indexOf(node.phase) : -1
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function packNodes(top: readonly Entry[], diff: boolean): NodeColumns {
  const order: Entry[] = []
  const parents: number[] = []
  const pending = top.map((entry): [Entry, number] => [entry, -1]).reverse()
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [entry, parent] = next
    const index = order.push(entry) - 1
    parents.push(parent)
    pending.push(...entry.children.map((child): [Entry, number] => [child, index]).reverse())
  }
  return {
    place: order.map(({ node }) => node.frame),
    parent: parents,
    total: order.map(({ total }) => short(total)),
    executions: order.map(({ node }) => node.executions),
    samples: order.map(({ node }) => node.samples),
    ...(diff && {
      warm: order.map(({ warm }) => short(warm)),
      verdict: order.map(({ node }) => VERDICTS.indexOf(verdictOf(node))),
    }),
  }
}

function verdictOf({ diff }: ProfileNode): Verdict {
  if (diff?.hoistable) return 'hoistable'
  if (!diff?.significant) return 'same'
  return diff.warmMs < diff.coldMs ? 'less' : 'more'
}

/** More digits than can be measured or seen only make the file bigger. */
function short(value: number): number {
  return Number(value.toPrecision(7))
}

function broken(finding: string): UsageError {
  return new UsageError(`flame graph: this is no profile as Workhorse writes it: ${finding}`)
}
