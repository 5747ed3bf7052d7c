import { resolveProfileConfig } from '../../config/resolve-profile.ts'
import { UsageError } from '../../errors.ts'
import { readProfiles } from '../../profiler/store/read-store.ts'
import { compareSlow } from '../../profiler/store/slow-executions.ts'
import { formatSlow } from '../../profiler/store/slow-report.ts'
import { print, printJson } from '../render/print.ts'
import { readSettings } from '../surroundings.ts'
import type { ProfileFlags } from './profile-flags.ts'
import { chooseTarget, writeProfile } from './write-profile.ts'

const ALLOWED: readonly string[] = ['slowest', 'vs', 'output', 'format', 'config', 'broker', 'json']

/** `profile --slowest 5% --vs median NAME`: what slow executions do that others do not, out of what a worker has kept. */
export async function profileSlow(flags: ProfileFlags, positionals: readonly string[]): Promise<number> {
  const [job, tooMuch] = positionals
  const { slowest, vs = 'median' } = flags
  if (slowest === undefined)
    throw new UsageError('--vs says what --slowest SHARE is compared with; it has no meaning without it')
  if (slowest <= 0 || slowest > 0.5)
    throw new UsageError(`--slowest: expected a share from 0 to 50%, got ${slowest * 100}%`)
  if (job === undefined) throw new UsageError('profile --slowest needs the name of a job: --slowest 5% NAME')
  if (tooMuch !== undefined) throw new UsageError(`profile --slowest takes the name of a job; '${tooMuch}' is too much`)
  const strange = Object.keys(flags).find((flag) => !ALLOWED.includes(flag))
  if (strange !== undefined) throw new UsageError(`--${strange} has no meaning with --slowest, which runs nothing`)
  const target = chooseTarget(flags.output, flags.format)
  const { folder } = resolveProfileConfig(await readSettings(flags))
  const comparison = compareSlow(job, await readProfiles(folder, job), slowest, vs)
  await writeProfile(comparison.profile, target)
  const { profile, slow, other } = comparison
  if (flags.json) printJson({ file: target.file, ...profile.meta, slow, other })
  else print(`${formatSlow(comparison, vs)}\n\nwritten to ${target.file}`)
  return 0
}
