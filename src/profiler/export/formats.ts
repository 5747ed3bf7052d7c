import { renderHtml } from '../flame/render-html.ts'
import { renderSvg } from '../flame/render-svg.ts'
import type { Profile } from '../profile.ts'
import { toCpuProfile } from './cpuprofile.ts'
import { toFolded } from './folded.ts'
import type { ProfileFormat } from './format-names.ts'
import { toPprof } from './pprof.ts'
import { toSpeedscope } from './speedscope.ts'

/** A profile in one of the formats, ready to be written to a file. */
export function exportProfile(profile: Profile, format: ProfileFormat): string | Buffer {
  switch (format) {
    case 'speedscope':
      return toSpeedscope(profile)
    case 'cpuprofile':
      return toCpuProfile(profile)
    case 'folded':
      return toFolded(profile)
    case 'pprof':
      return toPprof(profile)
    case 'json':
      return JSON.stringify(profile)
    case 'svg':
      return renderSvg(profile)
    case 'html':
      return renderHtml(profile)
  }
}
