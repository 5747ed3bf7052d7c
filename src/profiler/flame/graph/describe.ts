import { formatAmount, formatCount, formatShare } from './amounts.ts'
import type { FlameData } from './data.ts'
import { sideWords } from './side-words.ts'
import { type FlameNode, isCounted, locationOf, type Side } from './tree.ts'

/** All that is known of a frame, in words. */
export interface Description {
  readonly name: string
  readonly location: string
  readonly facts: readonly string[]
}

/** What the words depend on, beside the frame. */
export interface Surroundings {
  readonly data: Pick<FlameData, 'unit' | 'executions' | 'diff' | 'sides'>
  readonly root: FlameNode
  readonly focus: FlameNode
  readonly side: Side
}

const COST_WORDS = 'the cost of measuring; no part of the totals, and not drawn to scale where it is large'

export function describeNode(node: FlameNode, around: Surroundings): Description {
  const { name, file, line } = node.place
  const facts = around.data.diff ? comparedFacts(node, around) : plainFacts(node, around)
  return { name, location: file === '' ? '' : locationOf(file, line), facts }
}

/** As one text of several lines, for tooltips. */
export function tooltipOf({ name, location, facts }: Description): string {
  return [location === '' ? name : `${name} (${location})`, ...facts].join('\n')
}

function plainFacts(node: FlameNode, around: Surroundings): string[] {
  const { data, root } = around
  const { total, self } = node.cold
  const amount = (value: number) => formatAmount(value, data.unit)
  if (!isCounted(node)) return [`${amount(total)}: ${COST_WORDS}`]
  return [
    `${amount(total)}, ${sharesOf(node, around)}`,
    ...(self > 0 ? [`self ${amount(self)} (${formatShare(self, root.cold.total)})`] : []),
    ...executionFacts(node, data, 'executions'),
    ...(node.executions ? [`${amount(total / node.executions)} each`] : []),
    ...sampleFacts(node),
  ]
}

function comparedFacts(node: FlameNode, around: Surroundings): string[] {
  const { data } = around
  const { cold, warm, executions, verdicts } = sideWords(data.sides)
  const amount = (value: number) => formatAmount(value, data.unit)
  if (!isCounted(node)) return [`${amount(node.cold.total)} per job: ${COST_WORDS}`]
  return [
    `${cold} ${amount(node.cold.total)} per job, ${warm} ${amount(node.warm.total)}`,
    `${sharesOf(node, around)}${around.side === 'warm' ? `, ${warm}` : ''}`,
    ...(node.cold.self > 0 || node.warm.self > 0
      ? [`self ${cold} ${amount(node.cold.self)}, ${warm} ${amount(node.warm.self)}`]
      : []),
    ...executionFacts(node, data, executions),
    ...sampleFacts(node),
    ...(node.verdict === undefined ? [] : [verdicts[node.verdict]]),
  ]
}

function sharesOf(node: FlameNode, { root, focus, side }: Surroundings): string {
  const ofAll = `${formatShare(node[side].total, root[side].total)} of all`
  const isInside = focus !== root && node.depth >= focus.depth
  return isInside ? `${formatShare(node[side].total, focus[side].total)} of the zoomed frame, ${ofAll}` : ofAll
}

function executionFacts(node: FlameNode, data: Surroundings['data'], what: string): string[] {
  if (!node.executions || data.executions === 0) return []
  return [`in ${formatCount(node.executions)} of ${formatCount(data.executions)} ${what}`]
}

/** How much the amounts are to be trusted. */
function sampleFacts(node: FlameNode): string[] {
  if (node.samples === 0) return []
  return [node.samples === 1 ? '1 sample' : `${formatCount(node.samples)} samples`]
}
