import { resolveProfileConfig } from '../../config/resolve-profile.ts'
import { UsageError, WorkhorseError } from '../../errors.ts'
import type { JobRecord } from '../../job/record.ts'
import { profileOf } from '../../profiler/store/one-execution.ts'
import { readProfilesOf } from '../../profiler/store/read-store.ts'
import { summariseProfile } from '../../profiler/summary.ts'
import type { FlagValues } from '../flags.ts'
import { note, print, printJson } from '../render/print.ts'
import { readSettings } from '../surroundings.ts'
import { chooseTarget, writeProfile } from './write-profile.ts'

export type JobsShowFlags = FlagValues<'broker' | 'config' | 'profile' | 'output' | 'format' | 'json'>

/** Writes what was measured of a job's last execution; of an earlier one where that was not. */
export async function showProfile(flags: JobsShowFlags, job: JobRecord): Promise<number> {
  const target = chooseTarget(flags.output, flags.format)
  const { folder, sample } = resolveProfileConfig(await readSettings(flags))
  const found = await readProfilesOf(folder, job.name, job.id)
  const wanted = found.find(({ executionId }) => executionId === job.executionId) ?? found[0]
  if (wanted === undefined) {
    const words =
      sample > 0
        ? `${sample * 100} % of the executions are, and the oldest are forgotten`
        : 'the config file has no profile.sample'
    throw new WorkhorseError(
      'WORKHORSE_NOT_PROFILED',
      `no execution of job ${job.id} (${job.name}) was profiled, or its profile is kept no longer: ${words} (folder ${folder})`,
    )
  }
  if (wanted.executionId !== job.executionId) {
    note(
      `its last execution was not profiled; this is attempt ${wanted.attempt}, of ${new Date(wanted.at).toISOString()}`,
    )
  }
  const profile = profileOf(wanted)
  await writeProfile(profile, target)
  const { executionId, attempt, wallMs, cpuMs } = wanted
  if (flags.json) printJson({ file: target.file, executionId, attempt, wallMs, cpuMs, ...profile.meta })
  else print(`${summariseProfile(profile)}\n\nwritten to ${target.file}`)
  return 0
}

/** @throws UsageError */
export function assertNoProfileFlags({ output, format }: JobsShowFlags): void {
  const strange = output !== undefined ? 'output' : format !== undefined ? 'format' : undefined
  if (strange !== undefined) throw new UsageError(`--${strange} is about --profile; it has no meaning without it`)
}
