import { createHash } from 'node:crypto'
import type { Profile } from '../profile.ts'
import { browserScript } from './assets.ts'
import { embeddedJson, escapeMarkup } from './graph/markup.ts'
import { type FlameOptions, resolveFlameOptions } from './options.ts'
import { packProfile } from './pack.ts'
import { drawStillPicture } from './still-picture.ts'
import { styleSheet } from './style.ts'

/**
 * A flame graph as one HTML page that needs nothing else, and that its own Content-Security-Policy keeps from loading
 * or sending anything.
 *
 * @returns the text of the file, UTF-8
 * @throws UsageError where an option is unknown or out of range, or the profile is none
 * @example
 * writeFileSync('profile.html', renderHtml(profile, { theme: 'dark' }))
 */
export function renderHtml(profile: Profile, options: FlameOptions = {}): string {
  const resolved = resolveFlameOptions(options)
  const data = packProfile(profile, resolved)
  const { width, height, markup } = drawStillPicture(data, resolved.pictureWidth)
  const theme = data.view.theme === 'auto' ? '' : ` data-theme="${data.view.theme}"`
  const style = styleSheet()
  const script = browserScript()
  const policy = `default-src 'none'; style-src '${digest(style)}'; script-src '${digest(script)}'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en"${theme}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${escapeMarkup(data.title)}</title>
<style>${style}</style>
</head>
<body>
<svg id="still" xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${markup}
</svg>
<script id="profile" type="application/json">${embeddedJson(data)}</script>
<script>${script}</script>
</body>
</html>
`
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
