import { UsageError } from '../../errors.ts'
import { defined } from '../../support/defined.ts'
import { assertKnownOptions } from '../../support/option-check.ts'
import { DEFAULT_VIEW, type View } from './graph/data.ts'

/** How a flame graph opens. Everything but the words and the width can be changed in it. */
export interface FlameOptions {
  /** Default: the profile's own title. */
  readonly title?: string
  /** Below the title. Default: what was profiled, in how many executions, and what it cost. */
  readonly subtitle?: string
  /** `icicle` (default): the root is on top; `flame`: at the bottom. */
  readonly layout?: View['layout']
  /** `top-down` (default): from callers to what they call; `bottom-up`: from each function to who calls it. */
  readonly order?: View['order']
  /** Comparisons only: which side gives frames their width. Default `cold`: what vanishes when warm keeps its place. */
  readonly width?: View['width']
  /** Comparisons only: by what the comparison says (`verdict`, default) or by where code is from (`module`). */
  readonly colour?: View['colour']
  /** Default `auto`: what the reader's system asks for. */
  readonly theme?: View['theme']
  /** Of the still picture, in pixels, 320 to 10,000. Default 1200. In a browser the graph fills the window. */
  readonly pictureWidth?: number
}

export interface ResolvedFlameOptions {
  readonly title: string | undefined
  readonly subtitle: string | undefined
  readonly view: View
  readonly pictureWidth: number
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  layout: ['icicle', 'flame'],
  order: ['top-down', 'bottom-up'],
  width: ['cold', 'warm'],
  colour: ['verdict', 'module'],
  theme: ['auto', 'light', 'dark'],
}
const WHAT = 'flame graph'

/** @throws UsageError */
export function resolveFlameOptions(options: FlameOptions): ResolvedFlameOptions {
  assertKnownOptions(options, ['title', 'subtitle', 'pictureWidth', ...Object.keys(CHOICES)], WHAT)
  const { title, subtitle, pictureWidth = 1200, ...chosen } = options
  for (const [key, value] of Object.entries(chosen)) {
    const choices = CHOICES[key] ?? []
    if (value === undefined || choices.includes(value)) continue
    throw new UsageError(`${WHAT}: option '${key}' must be ${choices.join(' or ')}, got ${JSON.stringify(value)}`)
  }
  if (!(pictureWidth >= 320 && pictureWidth <= 10_000)) {
    throw new UsageError(`${WHAT}: option 'pictureWidth' must be 320 to 10000 pixels, got ${pictureWidth}`)
  }
  return { title, subtitle, pictureWidth, view: { ...DEFAULT_VIEW, ...defined(chosen) } }
}
