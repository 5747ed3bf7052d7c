import type { FlameData } from './graph/data.ts'
import { CHARACTER_WIDTH, drawFrames, ROW_HEIGHT } from './graph/draw.ts'
import { truncate } from './graph/label.ts'
import { drawnNote, type LegendEntry, legendOf } from './graph/legend.ts'
import { escapeMarkup } from './graph/markup.ts'
import { fillOf } from './graph/palette.ts'
import { NO_SAMPLES, sceneOf, Trees } from './graph/scene.ts'

export interface StillPicture {
  readonly width: number
  readonly height: number
  /** SVG markup without the `svg` element around it. */
  readonly markup: string
}

const MARGIN = 12
const HEAD_HEIGHT = 56
const LEGEND_LINE = 20
/** Estimates for sans-serif fonts: rather too wide than cut off. */
const TITLE_CHARACTER_WIDTH = 10
const NOTE_CHARACTER_WIDTH = 6.8

/** The graph as it looks without scripts: in an image viewer, in a README, on paper. */
export function drawStillPicture(data: FlameData, width: number): StillPicture {
  const trees = new Trees(data)
  const graphWidth = width - 2 * MARGIN
  const scene = sceneOf(trees, data, data.view, graphWidth)
  const frames = drawFrames(scene, { characterWidth: CHARACTER_WIDTH, isLive: false })
  const legend = drawLegend(legendOf(trees.topDown, scene), width)
  const graphTop = HEAD_HEIGHT + legend.height + 8
  const graphHeight = scene.layout.rows * ROW_HEIGHT
  const height = graphTop + graphHeight + 30
  const { root, side } = scene.around
  return {
    width,
    height,
    markup: [
      `<rect class="paper" fill="#ffffff" width="${width}" height="${height}"/>`,
      line('title', 26, data.title, width),
      line('note', 45, data.subtitle, width),
      legend.markup,
      `<svg x="${MARGIN}" y="${graphTop}" width="${graphWidth}" height="${graphHeight}">\n${frames}\n</svg>`,
      line('note', height - 10, root[side].extent > 0 ? drawnNote(scene) : NO_SAMPLES, width),
    ].join('\n'),
  }
}

function line(kind: 'title' | 'note', baseline: number, text: string, width: number): string {
  const characterWidth = kind === 'title' ? TITLE_CHARACTER_WIDTH : NOTE_CHARACTER_WIDTH
  const fits = truncate(text, Math.floor((width - 2 * MARGIN) / characterWidth))
  const look = kind === 'title' ? 'font-size="16" fill="#1b1f26"' : 'font-size="12" fill="#5b6472"'
  return `<text class="${kind}" ${look} font-family="sans-serif" x="${MARGIN}" y="${baseline}">${escapeMarkup(fits)}</text>`
}

/** Swatches with words, as many in a line as fit. */
function drawLegend(entries: readonly LegendEntry[], width: number): { markup: string; height: number } {
  let x = MARGIN
  let y = HEAD_HEIGHT
  const parts = entries.map(({ meaning, words }) => {
    const room = 30 + words.length * NOTE_CHARACTER_WIDTH
    if (x > MARGIN && x + room > width - MARGIN) {
      x = MARGIN
      y += LEGEND_LINE
    }
    const colour = `${meaning}-0`
    const part =
      `<rect class="${colour}" fill="${fillOf(colour)}" x="${x}" y="${y}" width="11" height="11" rx="2"/>` +
      `<text class="note" font-size="12" fill="#5b6472" font-family="sans-serif" x="${x + 16}" y="${y + 10}">${escapeMarkup(words)}</text>`
    x = Math.round(x + room)
    return part
  })
  return { markup: parts.join('\n'), height: entries.length === 0 ? 0 : y - HEAD_HEIGHT + LEGEND_LINE }
}
