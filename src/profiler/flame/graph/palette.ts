import type { Category, Verdict, View } from './data.ts'
import type { FlameNode, Place } from './tree.ts'

/** Hue (degrees), saturation and lightness (percent). */
type Hsl = readonly [hue: number, saturation: number, lightness: number]

export interface Ink {
  readonly light: Hsl
  readonly dark: Hsl
}

/** What a colour stands for: where code is from, or what a comparison says of it. */
export type Meaning = Category | Verdict

export const INKS: Readonly<Record<Meaning, Ink>> = {
  application: { light: [31, 92, 71], dark: [25, 58, 38] },
  node_modules: { light: [211, 72, 78], dark: [213, 42, 38] },
  node: { light: [146, 42, 74], dark: [150, 32, 30] },
  native: { light: [266, 48, 83], dark: [264, 24, 42] },
  gc: { light: [350, 74, 80], dark: [346, 38, 40] },
  profiler: { light: [215, 12, 87], dark: [215, 9, 30] },
  group: { light: [216, 20, 89], dark: [217, 14, 26] },
  hoistable: { light: [21, 96, 62], dark: [18, 80, 42] },
  less: { light: [41, 88, 80], dark: [40, 42, 32] },
  more: { light: [222, 70, 82], dark: [224, 40, 44] },
  same: { light: [215, 13, 88], dark: [216, 10, 28] },
}

/** Neighbours of one colour differ a little, so that their borders are seen. Degrees of hue, percent of lightness. */
const VARIANTS: readonly (readonly [hue: number, lightness: number])[] = [
  [0, 0],
  [3, 2.5],
  [-2, -2.5],
  [5, 1],
]

/** What the colour of a frame says. Headings and the cost of measuring are never part of a comparison. */
export function meaningOf({ place, verdict }: FlameNode, colour: View['colour']): Meaning {
  const { category } = place
  if (colour === 'module' || category === 'group' || category === 'profiler') return category
  return verdict ?? 'same'
}

/** The class of a frame: the same function has the same colour in every graph. */
export function classOf(place: Place, meaning: Meaning): string {
  return `${meaning}-${place.hash % VARIANTS.length}`
}

/** A class's colour for viewers that know no style sheets. */
export function fillOf(className: string): string {
  const cut = className.lastIndexOf('-')
  return shade(INKS[className.slice(0, cut) as Meaning].light, Number(className.slice(cut + 1)))
}

/** The rules for all frames, in both themes. */
export function frameStyles(): string {
  return Object.entries(INKS)
    .flatMap(([meaning, { light, dark }]) =>
      VARIANTS.map((_, index) => {
        const colours = `light-dark(${shade(light, index)},${shade(dark, index)})`
        return `.${meaning}-${index}{fill:${colours};background-color:${colours}}`
      }),
    )
    .join('\n')
}

function shade([hue, saturation, lightness]: Hsl, variant: number): string {
  const [turn, lift] = VARIANTS[variant] ?? [0, 0]
  return hex((hue + turn + 360) % 360, saturation / 100, (lightness + lift) / 100)
}

function hex(hue: number, saturation: number, lightness: number): string {
  const reach = saturation * Math.min(lightness, 1 - lightness)
  const channel = (offset: number) => {
    const k = (offset + hue / 30) % 12
    const value = lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(0)}${channel(8)}${channel(4)}`
}
