import type { JobFailure } from '../../../job/failure.ts'
import type { StartStage } from './messages.ts'
import type { PoolExecution } from './pool-execution.ts'

/** How a child ended. */
export interface ChildEnd {
  /** It was told to leave, and left. */
  readonly retired: boolean
  /** A job ended it, or we did because of a job: that is told with the job. */
  readonly byJob: boolean
  /** It came up, and has ended a job, or was ended by one. */
  readonly wasUseful: boolean
  /** In words, for the log. */
  readonly reason: string
  /** Its start failed by an error in the user's code. */
  readonly start?: StartFailure
}

export interface StartFailure {
  readonly stage: StartStage
  readonly failure: JobFailure
}

export interface PoolChildEvents {
  ready(jobs: readonly string[]): void
  /** A job has ended in it. */
  freed(): void
  /** How long a job has run. */
  pace(wallMs: number): void
  /** It will not run these: they are to go to another, or wait. */
  tookBack(executions: readonly PoolExecution[]): void
  /** What it printed while no job ran, or nobody can tell for which. */
  output(stream: 'stdout' | 'stderr', text: string): void
  notice(message: string): void
  gone(end: ChildEnd): void
}
