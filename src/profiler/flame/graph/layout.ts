import type { FlameNode, Side } from './tree.ts'

/** Narrower frames are not drawn: nobody can see or click them until they are zoomed. In pixels. */
const MIN_WIDTH = 0.5
/** With more frames than these, redrawing would be felt: then a frame must be wider to be drawn. */
const MAX_FRAMES = 3000
/** Less of folded frames is left blank. */
const MIN_REST_WIDTH = 3

export interface Box {
  readonly node: FlameNode
  /** In pixels. */
  readonly x: number
  readonly width: number
  /** Above what is zoomed: drawn over the whole width, and faded. */
  readonly ancestor: boolean
}

/** A row of neighbours that are too narrow to be drawn one by one. */
export interface Rest {
  readonly x: number
  readonly width: number
  readonly depth: number
  readonly frames: number
}

export interface Layout {
  /** Parents first, siblings from left to right. */
  readonly boxes: readonly Box[]
  readonly rests: readonly Rest[]
  readonly rows: number
  /** How many frames were too narrow to be drawn, and the width in pixels that they would have needed. */
  readonly folded: number
  readonly minWidth: number
  /** Frames that have no width on this side of a comparison. */
  readonly absent: number
}

/** Where each frame is drawn when `focus` fills the width. */
export function layOut(focus: FlameNode, side: Side, width: number): Layout {
  let layout = place(focus, side, width, MIN_WIDTH)
  for (let minWidth = 2 * MIN_WIDTH; layout.boxes.length > MAX_FRAMES; minWidth *= 2) {
    layout = place(focus, side, width, minWidth)
  }
  return layout
}

function place(focus: FlameNode, side: Side, width: number, minWidth: number): Layout {
  const boxes = ancestorsOf(focus, width)
  const rests: Rest[] = []
  const scale = focus[side].extent > 0 ? width / focus[side].extent : 0
  const pending: Box[] = [{ node: focus, x: 0, width, ancestor: false }]
  let rows = 0
  let folded = 0
  let absent = 0
  for (let box = pending.pop(); box !== undefined; box = pending.pop()) {
    boxes.push(box)
    rows = Math.max(rows, box.node.depth + 1)
    const children: Box[] = []
    let { x } = box
    let rest = { x, frames: 0 }
    const endRest = (): void => {
      folded += rest.frames
      const isSeen = x - rest.x >= MIN_REST_WIDTH
      if (rest.frames > 0 && isSeen) rests.push({ ...rest, width: x - rest.x, depth: box.node.depth + 1 })
    }
    for (const node of box.node.children) {
      const wide = node[side].extent * scale
      if (wide >= minWidth) {
        endRest()
        children.push({ node, x, width: wide, ancestor: false })
        rest = { x: x + wide, frames: 0 }
      } else if (wide > 0) rest.frames += node.size
      else absent += node.size
      x += wide
    }
    endRest()
    pending.push(...children.reverse())
  }
  for (const { depth } of rests) rows = Math.max(rows, depth + 1)
  return { boxes, rests, rows, folded, minWidth, absent }
}

function ancestorsOf(focus: FlameNode, width: number): Box[] {
  const boxes: Box[] = []
  for (let node = focus.parent; node !== undefined; node = node.parent) {
    boxes.unshift({ node, x: 0, width, ancestor: true })
  }
  return boxes
}
