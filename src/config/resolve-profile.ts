import { basename, dirname, join, resolve } from 'node:path'
import { parseSqliteUrl } from '../broker/sqlite/url.ts'
import { parseBytes } from '../support/bytes.ts'
import type { Settings } from './settings.ts'

export interface ResolvedProfileConfig {
  readonly sample: number
  readonly keep: number
  readonly keepBytes: number
  readonly folder: string
  readonly rateHz: number
}

/** What worker and command line agree on. @param sample of a flag, which wins */
export function resolveProfileConfig(settings: Settings, sample?: number): ResolvedProfileConfig {
  const { profile = {} } = settings.config
  return {
    sample: sample ?? profile.sample ?? 0,
    keep: profile.keep ?? 100,
    keepBytes: parseBytes(profile.keepBytes ?? '64MB', 'profile: keepBytes'),
    folder: profile.folder === undefined ? defaultFolder(settings) : resolve(settings.folder, profile.folder),
    rateHz: profile.rate ?? 1000,
  }
}

function defaultFolder({ brokerUrl, brokerFolder, folder }: Settings): string {
  if (!brokerUrl.startsWith('sqlite:')) return join(folder, 'workhorse-profiles')
  const { file } = parseSqliteUrl(brokerUrl, brokerFolder)
  return join(dirname(file), `${basename(file)}-profiles`)
}
