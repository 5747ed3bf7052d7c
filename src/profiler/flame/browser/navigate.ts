import type { View } from '../graph/data.ts'
import type { Box, Layout } from '../graph/layout.ts'
import type { FlameNode } from '../graph/tree.ts'

/** The frame that a key leads to from `from`; only frames that are drawn. Undefined: the key leads nowhere. */
export function neighbour(
  key: string,
  from: FlameNode,
  layout: Layout,
  orientation: View['layout'],
): FlameNode | undefined {
  const deeper = orientation === 'icicle' ? 'ArrowDown' : 'ArrowUp'
  const shallower = orientation === 'icicle' ? 'ArrowUp' : 'ArrowDown'
  if (key === deeper) return widest(layout.boxes.filter(({ node }) => node.parent === from))
  if (key === shallower) return from.parent
  if (key === 'Home') return layout.boxes[0]?.node
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return undefined
  const row = layout.boxes.filter(({ node }) => node.depth === from.depth)
  const at = row.findIndex(({ node }) => node === from)
  return row[key === 'ArrowRight' ? at + 1 : at - 1]?.node
}

/** The first of the widest: siblings are drawn from left to right. */
export function widest(boxes: readonly Box[]): FlameNode | undefined {
  return boxes.reduce<Box | undefined>((best, box) => (best && best.width >= box.width ? best : box), undefined)?.node
}
