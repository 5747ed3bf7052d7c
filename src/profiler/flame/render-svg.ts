import type { Profile } from '../profile.ts'
import { browserScript } from './assets.ts'
import { embeddedJson, escapeMarkup } from './graph/markup.ts'
import { type FlameOptions, resolveFlameOptions } from './options.ts'
import { packProfile } from './pack.ts'
import { drawStillPicture } from './still-picture.ts'
import { styleSheet } from './style.ts'

/**
 * A flame graph as one SVG file that needs nothing else. As an image, and wherever scripts do not run, it is a
 * picture with names; opened in a browser it zooms and searches.
 *
 * @returns the text of the file, UTF-8
 * @throws UsageError where an option is unknown or out of range, or the profile is none
 * @example
 * writeFileSync('profile.svg', renderSvg(profile, { layout: 'flame' }))
 */
export function renderSvg(profile: Profile, options: FlameOptions = {}): string {
  const resolved = resolveFlameOptions(options)
  const data = packProfile(profile, resolved)
  const { width, height, markup } = drawStillPicture(data, resolved.pictureWidth)
  const theme = data.view.theme === 'auto' ? '' : ` data-theme="${data.view.theme}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"${theme}>
<title>${escapeMarkup(data.title)}</title>
<desc>${escapeMarkup(data.subtitle)}</desc>
<style>${styleSheet()}</style>
<g id="still" font-family="monospace" font-size="12">
${markup}
</g>
<script id="profile" type="application/json">${embeddedJson(data)}</script>
<script><![CDATA[${browserScript()}]]></script>
</svg>
`
}
