import { UsageError } from '../errors.ts'
import { type ByteSize, parseBytes } from '../support/bytes.ts'
import { show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'

/** Profiles of some executions, for ever. */
export interface ProfileConfig {
  /** Share of the executions that is profiled, 0 to 1: `0.01` for one in a hundred. Default 0. */
  readonly sample?: number
  /** Profiles that are kept of each job name; the oldest go. Default 100. */
  readonly keep?: number
  /** What all kept profiles may take together. Default `'64MB'`. */
  readonly keepBytes?: ByteSize
  /**
   * Where they are kept, relative to the config file; a folder that only its user may enter (0700), made where it is missing.
   * Default: beside the broker's SQLite file, as `FILE-profiles`; with another broker `workhorse-profiles` beside the config file.
   */
  readonly folder?: string
  /** Samples a second. Default 1000. */
  readonly rate?: number
}

const KEYS = ['sample', 'keep', 'keepBytes', 'folder', 'rate'] as const

/** @throws UsageError naming option and value */
export function checkProfileConfig(config: object, what: string): void {
  assertKnownOptions(config, KEYS, what)
  const { sample = 0, keep = 1, keepBytes = 0, rate = 1, folder } = config as ProfileConfig
  if (!(typeof sample === 'number' && sample >= 0 && sample <= 1)) {
    throw new UsageError(`${what}: sample: expected a share from 0 to 1, such as 0.01, got ${show(sample)}`)
  }
  if (!(Number.isInteger(keep) && keep >= 1)) {
    throw new UsageError(`${what}: keep: expected a whole number of at least 1, got ${show(keep)}`)
  }
  if (!(Number.isInteger(rate) && rate >= 1 && rate <= 10_000)) {
    throw new UsageError(`${what}: rate: expected a whole number from 1 to 10000, got ${show(rate)}`)
  }
  if (folder !== undefined && (typeof folder !== 'string' || folder === '')) {
    throw new UsageError(`${what}: folder: expected a path, got ${show(folder)}`)
  }
  parseBytes(keepBytes, `${what}: keepBytes`)
}
