import type { Profile } from '../profile.ts'
import { toCpuProfile } from './cpuprofile.ts'
import { toFolded } from './folded.ts'
import type { ProfileFormat } from './format-names.ts'
import { toPprof } from './pprof.ts'
import { toSpeedscope } from './speedscope.ts'

/** A profile in one of the formats, ready to be written to a file. */
export async function exportProfile(profile: Profile, format: ProfileFormat): Promise<string | Buffer> {
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
    default:
      throw new Error(`[BUG] no exporter for ${format}`)
  }
}
