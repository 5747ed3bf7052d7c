import { WorkhorseError } from '../errors.ts'
import type { JobFailure } from './failure.ts'

/** The job did not finish: `failure` says why, as it is stored with the job. */
export class JobFailedError extends WorkhorseError {
  readonly jobId: string
  readonly state: string
  readonly failure: JobFailure | undefined
  constructor(job: {
    readonly id: string
    readonly name: string
    readonly state: string
    readonly failure?: JobFailure
  }) {
    const { failure } = job
    super(
      'WORKHORSE_JOB_FAILED',
      failure
        ? `${job.name} ${job.id} failed: ${failure.name}: ${failure.message}`
        : `${job.name} ${job.id} was ${job.state}`,
    )
    this.jobId = job.id
    this.state = job.state
    this.failure = failure
  }
}
