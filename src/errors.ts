/**
 * Every error that Workhorse throws. `code` is stable and has a heading in docs/errors.md;
 * the message says what was wrong, the value seen, and the mend.
 */
export class WorkhorseError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  override get name(): string {
    return this.constructor.name
  }
}

/** A mistake in how something was called or configured. The CLI shows it as one line and exits 2. */
export class UsageError extends WorkhorseError {
  constructor(message: string, options?: ErrorOptions) {
    super('WORKHORSE_USAGE', message, options)
  }
}

/** An argument of a job cannot be carried by JSON. */
export class ArgumentsNotJsonError extends WorkhorseError {
  constructor(job: string, finding: string) {
    super('WORKHORSE_ARGUMENTS_NOT_JSON', `${job}: arguments must be JSON values. ${finding}`)
  }
}

/** A job with this id exists already. */
export class DuplicateJobError extends WorkhorseError {
  readonly jobId: string
  constructor(jobId: string) {
    super('WORKHORSE_DUPLICATE_JOB', `a job with id ${jobId} exists already; nothing was enqueued`)
    this.jobId = jobId
  }
}

export class JobNotFoundError extends WorkhorseError {
  readonly jobId: string
  constructor(jobId: string) {
    super(
      'WORKHORSE_JOB_NOT_FOUND',
      `no job with id ${jobId}: it never existed here, was deleted, or its result was kept no longer`,
    )
    this.jobId = jobId
  }
}

/** The job is in a state in which this cannot be done. */
export class JobStateError extends WorkhorseError {
  readonly jobId: string
  readonly state: string
  constructor(jobId: string, state: string, what: string) {
    super('WORKHORSE_JOB_STATE', `job ${jobId} is ${state}: ${what}`)
    this.jobId = jobId
    this.state = state
  }
}

/** No schedule of this name is known to the broker. */
export class ScheduleNotFoundError extends WorkhorseError {
  constructor(name: string, nearestName: string | undefined, count: number) {
    const none =
      count === 0 ? 'there is none at all; a worker puts them here when it starts' : 'see workhorse schedule list'
    const mend = nearestName === undefined ? none : `did you mean '${nearestName}'?`
    super('WORKHORSE_SCHEDULE_NOT_FOUND', `no schedule named '${name}'; ${mend}`)
  }
}

/** `currentJob()` was called outside a job. */
export class NoCurrentJobError extends WorkhorseError {
  constructor() {
    super(
      'WORKHORSE_NO_CURRENT_JOB',
      'currentJob() was called outside a job; call it from the handler, or from what the handler calls and awaits',
    )
  }
}

/** `handle.result()` was not there in time. The job goes on. */
export class ResultTimeoutError extends WorkhorseError {
  readonly jobId: string
  constructor(jobId: string, state: string, timeoutMs: number) {
    super('WORKHORSE_RESULT_TIMEOUT', `job ${jobId} is still ${state} after ${timeoutMs} ms`)
    this.jobId = jobId
  }
}

/** The job runs, and its worker cannot be told anything: it died, or is cut off. */
export class WorkerGoneError extends WorkhorseError {
  readonly jobId: string
  readonly worker: string
  constructor(jobId: string, worker: string) {
    super(
      'WORKHORSE_WORKER_GONE',
      `job ${jobId} is with worker ${worker}, which does not listen any more; when its lease is over the job is queued again, and can be canceled then`,
    )
    this.jobId = jobId
    this.worker = worker
  }
}

/** The broker cannot be reached or refuses to work. */
export class BrokerUnavailableError extends WorkhorseError {
  constructor(message: string, options?: ErrorOptions) {
    super('WORKHORSE_BROKER_UNAVAILABLE', message, options)
  }
}

/** A broker was opened before a fork and used after it. */
export class ForkedBrokerError extends WorkhorseError {
  constructor(openedIn: number, usedIn: number) {
    super(
      'WORKHORSE_FORKED_BROKER',
      `this broker was opened in process ${openedIn} and used in its fork ${usedIn}; both processes would write to one connection, which garbles a Redis's and corrupts an SQLite file. Open it in afterFork() or in the job`,
    )
  }
}

/** Fork mode cannot work on this machine. */
export class ForkUnavailableError extends WorkhorseError {
  constructor(message: string, options?: ErrorOptions) {
    super('WORKHORSE_FORK_UNAVAILABLE', message, options)
  }
}

/** No pool child came up: the application cannot be loaded, or an `afterFork` hook fails again and again. */
export class PoolStartError extends WorkhorseError {
  constructor(message: string, options?: ErrorOptions) {
    super('WORKHORSE_POOL_START', message, options)
  }
}

/** The zygote did not come up: preload failed, or left something open that must not be forked. */
export class ZygoteBootError extends WorkhorseError {
  constructor(message: string, options?: ErrorOptions) {
    super('WORKHORSE_ZYGOTE_BOOT', message, options)
  }
}
