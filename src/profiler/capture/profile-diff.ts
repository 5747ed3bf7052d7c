import type { Profile } from '../profile.ts'
import { type ColdAndWarmOptions, measureColdAndWarm } from './cold-and-warm.ts'
import { rateOf } from './profile-run.ts'
import { Trial, type TrialOptions } from './trial.ts'

export interface ProfileDiffOptions extends TrialOptions, ColdAndWarmOptions {
  /** What paths are relative to. Default: the working directory. */
  readonly folder?: string
}

/**
 * The same job in fresh processes and in used ones, as one profile in which each stack says what it costs in both.
 * @throws UsageError, @throws WorkhorseError where the job does not run, or not twice in one process
 */
export async function profileDiff(options: ProfileDiffOptions): Promise<Profile> {
  const trial = await Trial.open(options)
  try {
    trial.assertDefined(options.job)
    const { comparison, warmAfter, startedAt, durationMs, lost } = await measureColdAndWarm(trial, options)
    const head = {
      title: `${options.job}: fresh processes against used ones`,
      unit: 'microseconds',
      jobs: [options.job],
      lost,
      skipped: 0,
      rateHz: rateOf({ kind: 'cpu', interval: options.intervalUs }),
      startedAt,
      durationMs,
    } as const
    return comparison.build(head, warmAfter, options.folder)
  } finally {
    await trial.close()
  }
}
