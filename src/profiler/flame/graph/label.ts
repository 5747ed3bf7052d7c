import { locationOf, type Place } from './tree.ts'

/** What fits into a frame: the name, and behind it, fainter, where it is from. */
export interface Label {
  readonly name: string
  readonly location: string
}

/** Fewer characters than this say nothing. */
const MIN_CELLS = 3
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Undefined where not even a few characters fit. `cells` is the room in characters of a fixed-width font. */
export function labelOf(place: Place, cells: number): Label | undefined {
  if (cells < MIN_CELLS) return undefined
  const name = truncate(place.name, cells)
  if (place.file === '' || name !== place.name) return { name, location: '' }
  const location = locationOf(baseName(place.file), place.line)
  const room = cells - widthOf(name) - 2
  return { name, location: widthOf(location) <= room ? location : '' }
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

/** Cuts at the end, between characters as people see them, and says so by an ellipsis. */
export function truncate(text: string, cells: number): string {
  if (isAscii(text)) return text.length <= cells ? text : `${text.slice(0, Math.max(1, cells - 1))}\u2026`
  let kept = ''
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    const width = WIDE.test(segment) ? 2 : 1
    if (used + width > cells - 1) return widthOf(text) <= cells ? text : `${kept}\u2026`
    kept += segment
    used += width
  }
  return text
}

function widthOf(text: string): number {
  if (isAscii(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1
  return width
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}
