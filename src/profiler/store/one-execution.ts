import { rateOf } from '../capture/profile-run.ts'
import { ProfileMerge } from '../merge.ts'
import type { Profile } from '../profile.ts'
import type { ReadProfile } from './read-store.ts'

/** The profile of one execution. */
export function profileOf({ job, jobId, attempt, at, raw, wallMs }: ReadProfile, folder = process.cwd()): Profile {
  const merge = new ProfileMerge()
  merge.add(raw)
  const title = `${job} ${jobId}${attempt > 1 ? `, attempt ${attempt}` : ''}${raw.cut ? ', cut short' : ''}`
  return merge.build(
    {
      title,
      unit: raw.kind === 'heap' ? 'bytes' : 'microseconds',
      jobs: [job],
      lost: 0,
      skipped: 0,
      rateHz: rateOf(raw),
      startedAt: at - wallMs,
      durationMs: wallMs,
    },
    folder,
  )
}
