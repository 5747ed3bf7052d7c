import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkhorseError, ZygoteBootError } from '../../errors.ts'
import { profileRuns } from '../capture/profile-run.ts'
import type { TrialOptions } from '../capture/trial.ts'
import type { Profile } from '../profile.ts'
import type { Candidate } from './candidate.ts'
import { describeHoist, hoistOf, writeHoistModule } from './hoist-module.ts'

export interface Verification {
  /** What was done before the fork, in words. */
  readonly tried: string
  readonly beforeMsPerJob: number
  /** Undefined where it could not be done; `problem` says why. */
  readonly afterMsPerJob?: number
  readonly problem?: string
  /** The runs with the hoist. */
  readonly profile?: Profile
}

export interface VerifyOptions extends TrialOptions {
  readonly job: string
  readonly args: readonly string[]
  readonly runs: number
  readonly beforeMsPerJob: number
}

/** Boots a zygote in which the hoist is done before the fork, and measures the job in fresh processes of it. */
export async function verify(candidate: Candidate, options: VerifyOptions): Promise<Verification> {
  const { job, args, runs, beforeMsPerJob } = options
  const hoist = hoistOf(candidate)
  const base = { tried: describeHoist(hoist, job), beforeMsPerJob }
  if (candidate.unsafe.length > 0) return { ...base, problem: `it opens ${candidate.unsafe.join(', ')}` }
  const folder = await mkdtemp(join(tmpdir(), 'workhorse-doctor-'))
  try {
    const module = await writeHoistModule(folder, hoist, job, args[0] as string)
    const modules = [...options.modules, module]
    const request = { kind: 'cpu', interval: 1000 } as const
    const { profile, failed, failure } = await profileRuns({ ...options, modules, job, args, runs, request })
    if (failed > 0) return { ...base, problem: `with it, ${failed} of ${runs} jobs do not finish: ${failure}` }
    return { ...base, afterMsPerJob: profile.meta.cpuUs / 1000 / profile.meta.executions, profile }
  } catch (error) {
    if (!(error instanceof WorkhorseError)) throw error
    const what = error instanceof ZygoteBootError ? 'the zygote does not come up with it' : 'it cannot be measured'
    return { ...base, problem: `${what}: ${error.message}` }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
