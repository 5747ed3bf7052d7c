import { WorkhorseError } from '../../errors.ts'
import type { ProfileRequest } from '../../worker/isolation/profiling.ts'
import { ProfileMerge } from '../merge.ts'
import type { Profile } from '../profile.ts'
import { describeEnd, Trial, type TrialOptions } from './trial.ts'

export interface ProfileRunOptions extends TrialOptions {
  readonly job: string
  /** Arguments of the executions in turn, each JSON text of an array. At least one. */
  readonly args: readonly string[]
  readonly runs: number
  /** Executions at a time. Default 1: those that run beside each other disturb each other's caches. */
  readonly concurrency?: number
  readonly request: ProfileRequest
  readonly byProcess?: boolean
}

export interface ProfileRunResult {
  readonly profile: Profile
  /** Executions that did not finish, and why the first of them did not. */
  readonly failed: number
  readonly failure: string | undefined
  readonly enqueued: number
}

/**
 * Runs a job `runs` times, each time in a fresh horse, and merges what the samplers saw.
 * @throws UsageError where there is no such job, @throws ZygoteBootError
 */
export async function profileRuns(options: ProfileRunOptions): Promise<ProfileRunResult> {
  const { job, args, runs, request } = options
  const trial = await Trial.open(options)
  try {
    trial.assertDefined(job)
    const merge = new ProfileMerge({ byProcess: options.byProcess ?? false })
    const startedAt = Date.now()
    let failed = 0
    let lost = 0
    let failure: string | undefined
    const jobOf = (index: number) => ({ name: job, args: args[index % args.length] as string })
    await trial.runMany(runs, options.concurrency ?? 1, jobOf, request, (run) => {
      const reason = describeEnd(run)
      if (reason !== undefined) failed++
      failure ??= reason
      if (run.raw) merge.addText(run.raw)
      else lost++
    })
    if (lost === runs) {
      const why = failure ?? 'the processes ended without handing over what they measured'
      throw new WorkhorseError('WORKHORSE_NOTHING_PROFILED', `no execution of ${job} could be profiled: ${why}`)
    }
    const profile = merge.build({
      title: `${job}, ${runs} executions in fresh processes`,
      unit: request.kind === 'heap' ? 'bytes' : 'microseconds',
      jobs: [job],
      lost,
      skipped: 0,
      rateHz: rateOf(request),
      startedAt,
      durationMs: Date.now() - startedAt,
    })
    return { profile, failed, failure, enqueued: trial.enqueued }
  } finally {
    await trial.close()
  }
}

/** Samples per second; 0 for heap profiles, which go by bytes. */
export function rateOf({ kind, interval }: Pick<ProfileRequest, 'kind' | 'interval'>): number {
  return kind === 'heap' ? 0 : Math.round(1e6 / interval)
}
