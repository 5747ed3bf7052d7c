import { formatCount } from './amounts.ts'
import { describeNode, tooltipOf } from './describe.ts'
import { type Label, labelOf, truncate } from './label.ts'
import type { Box, Rest } from './layout.ts'
import { escapeMarkup } from './markup.ts'
import { classOf, fillOf, meaningOf } from './palette.ts'
import type { Scene } from './scene.ts'
import type { FlameNode } from './tree.ts'

export const ROW_HEIGHT = 18
export const FONT_SIZE = 12
/** Of the fixed-width fonts in the style sheet; used where it cannot be measured. */
export const CHARACTER_WIDTH = FONT_SIZE * 0.605
const PADDING = 4

/** Who looks at it. */
export interface Audience {
  /** In pixels. */
  readonly characterWidth: number
  /** Frames that can be clicked and reached by keyboard, and get their tooltips when they are pointed at. */
  readonly isLive: boolean
}

/**
 * The frames as SVG markup. One with room for a label is a group of its tooltip, its rectangle and the label;
 * most are narrower, and nothing but a rectangle.
 */
export function drawFrames(scene: Scene, audience: Audience): string {
  const { boxes, rests } = scene.layout
  return [...boxes.map((box) => drawFrame(box, scene, audience)), ...rests.map((rest) => drawRest(rest, scene))].join(
    '\n',
  )
}

/** The words of a tooltip, and the name of a frame for those who cannot see it. */
export function frameTitle(node: FlameNode, { around }: Scene): string {
  return tooltipOf(describeNode(node, around))
}

function drawFrame(box: Box, scene: Scene, { characterWidth, isLive }: Audience): string {
  const { node } = box
  const label = labelOf(node.place, Math.floor((box.width - 2 * PADDING) / characterWidth))
  const classes = `frame${stateOf(box, scene)}`
  const colour = classOf(node.place, meaningOf(node, scene.data.diff ? scene.view.colour : 'module'))
  const id = isLive ? ` data-frame="${node.id}"` : ''
  const title = isLive && label === undefined ? '' : `<title>${escapeMarkup(frameTitle(node, scene))}</title>`
  const place = placeOf(box, scene)
  // Viewers that know no style sheets find the colour in the attribute.
  const fill = isLive ? '' : ` fill="${fillOf(colour)}"`
  if (label === undefined) return `<rect class="${classes} ${colour}"${fill}${id}${place}>${title}</rect>`
  const live = isLive ? ` role="treeitem" tabindex="-1" aria-level="${node.depth + 1}"` : ''
  return (
    `<g class="${classes}"${id}${live}>${title}<rect class="${colour}"${fill}${place} rx="2"/>` +
    `${drawLabel(label, box, node.depth, scene)}</g>`
  )
}

function stateOf({ node, ancestor }: Box, { found }: Scene): string {
  const match = found === undefined ? '' : found.has(node.place) ? ' found' : ' other'
  return `${ancestor ? ' ancestor' : ''}${match}`
}

function placeOf(box: Box, scene: Scene): string {
  // A gap between neighbours, but never at the cost of the whole frame.
  const width = Math.max(box.width - 0.6, Math.min(box.width, 0.5))
  return ` x="${round(box.x)}" y="${rowTop(box.node.depth, scene)}" width="${round(width)}" height="${ROW_HEIGHT - 1}"`
}

/** What is too narrow to be drawn is there all the same: without it, it would look like the caller's own time. */
function drawRest({ x, width, depth, frames }: Rest, scene: Scene): string {
  const title = `<title>${formatCount(frames)} frames that are too narrow to be drawn</title>`
  const place = ` x="${round(x)}" y="${rowTop(depth, scene)}" width="${round(width - 0.6)}" height="${ROW_HEIGHT - 1}"`
  const label = truncate(`${formatCount(frames)} more`, Math.floor((width - 2 * PADDING) / CHARACTER_WIDTH))
  const words = label.endsWith('more') ? drawLabel({ name: label, location: '' }, { x, width }, depth, scene) : ''
  return `<g class="rest">${title}<rect fill="#eceef2"${place} rx="2"/>${words}</g>`
}

/** In an icicle the root is on top, in a flame at the bottom. */
function rowTop(depth: number, { layout, view }: Scene): number {
  return (view.layout === 'icicle' ? depth : layout.rows - 1 - depth) * ROW_HEIGHT
}

/** In a viewport of its own, which cuts off what the font makes wider than it was estimated. */
function drawLabel(
  { name, location }: Label,
  { x, width }: Pick<Box, 'x' | 'width'>,
  depth: number,
  scene: Scene,
): string {
  const from = location === '' ? '' : `<tspan class="location" dx="8">${escapeMarkup(location)}</tspan>`
  return (
    `<svg x="${round(x)}" y="${rowTop(depth, scene)}" width="${round(width - PADDING / 2)}" height="${ROW_HEIGHT}">` +
    `<text x="${PADDING}" y="13"><tspan>${escapeMarkup(name)}</tspan>${from}</text></svg>`
  )
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
