import { JobNotFoundError, ResultTimeoutError } from '../errors.ts'
import { type Duration, parseDuration } from '../support/duration.ts'
import type { JobMeta } from './context.ts'
import type { JobGateway } from './gateway.ts'
import { JobFailedError } from './job-failed-error.ts'
import type { JobRecord, JobResultEntry } from './record.ts'
import { isEnded, type JobState } from './states.ts'

/** An enqueued job, from the outside. */
export class JobHandle<Result> {
  readonly id: string
  readonly name: string
  readonly queue: string
  /** True where a unique job was there already: nothing was enqueued, and this is the handle of that one. */
  readonly isDuplicate: boolean
  readonly #gateway: JobGateway

  /** @internal */
  constructor(id: string, name: string, queue: string, gateway: JobGateway, isDuplicate = false) {
    this.id = id
    this.name = name
    this.queue = queue
    this.isDuplicate = isDuplicate
    this.#gateway = gateway
  }

  /**
   * What the job returned, once it has finished. Waits without polling.
   * @param options.timeout how long to wait; without it as long as it takes
   * @throws JobFailedError where the job failed, was stopped or canceled; its `failure` says why
   * @throws ResultTimeoutError where it has not ended in time; the job goes on
   * @throws JobNotFoundError where it is gone, for example because its result was kept no longer
   * @example
   * const sum = await (await add.enqueue(2, 3)).result({ timeout: '10s' })
   */
  async result(options: { timeout?: Duration } = {}): Promise<Result> {
    const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout, 'result() timeout')
    const record = await this.#gateway.wait(this.id, timeoutMs)
    if (record === undefined) throw new JobNotFoundError(this.id)
    if (!isEnded(record.state)) throw new ResultTimeoutError(this.id, record.state, timeoutMs ?? 0)
    if (record.state !== 'finished') throw new JobFailedError(record)
    return JSON.parse(record.result ?? 'null') as Result
  }

  /**
   * Take the job out where it has not begun; where it runs, ask it to end: its `currentJob().signal` aborts. A job that
   * looks at the signal becomes `canceled`; one that does not goes on (`stop` ends it).
   * @param options.enqueueDependents let the jobs that wait for it run all the same, where it had not begun. Default false:
   * they go on waiting
   * @returns `canceled`, or `started` where it was asked
   * @throws JobNotFoundError, @throws JobStateError where it has ended
   * @throws WorkerGoneError where its worker cannot be told
   * @example
   * await handle.cancel()
   */
  cancel(options: { enqueueDependents?: boolean } = {}): Promise<JobState> {
    return this.#gateway.cancel(this.id, options)
  }

  /**
   * End the job wherever it runs. Its signal aborts; when the grace is over its process is killed, with all that it has
   * started, blocked event loop or not. It becomes `stopped` and is not retried, as with RQ's stop-job command. A job
   * that has not begun is canceled. Resolves when it has ended.
   * @param options.grace how long it may go on after its signal has aborted. Default 0: killed at once
   * @returns the state in which it ended; `finished` or `failed` where it was faster
   * @throws JobNotFoundError, @throws JobStateError where it had ended before
   * @throws WorkerGoneError where its worker cannot be told
   * @example
   * await handle.stop({ grace: '1s' })
   */
  stop(options: { grace?: Duration } = {}): Promise<JobState> {
    const graceMs = options.grace === undefined ? 0 : parseDuration(options.grace, 'stop() grace')
    return this.#gateway.stop(this.id, graceMs)
  }

  /** The job's state now. @throws JobNotFoundError */
  async status(): Promise<JobState> {
    return (await this.fetch()).state
  }

  /** All that the broker knows of the job. @throws JobNotFoundError */
  async fetch(): Promise<JobRecord> {
    const record = await this.#gateway.fetch(this.id)
    if (record === undefined) throw new JobNotFoundError(this.id)
    return record
  }

  /**
   * Put the job back at the end of its queue, as new: for jobs that have ended, or that wait for their time or for others.
   * @throws JobNotFoundError, @throws JobStateError where it is queued or running
   */
  requeue(): Promise<void> {
    return this.#gateway.requeue(this.id)
  }

  /**
   * Forget the job. Where it had not finished, the jobs that wait for it are canceled.
   * @throws JobNotFoundError, @throws JobStateError while it runs
   */
  delete(): Promise<void> {
    return this.#gateway.delete(this.id)
  }

  /**
   * How its executions ended, newest first, at most 10: also those that were retried or repeated.
   * Empty where it has had none, or is gone.
   * @example
   * const attempts = (await handle.results()).map(({ type, failure }) => failure?.message ?? type)
   */
  async results(): Promise<ExecutionResult<Result>[]> {
    const entries = await this.#gateway.results(this.id)
    return entries.map(({ result, ...entry }) => ({
      ...entry,
      ...(result === undefined ? {} : { result: JSON.parse(result) as Result }),
    }))
  }

  /** The data that travels with the job, as it was enqueued or last set. @throws JobNotFoundError */
  async meta(): Promise<JobMeta> {
    const { meta } = await this.fetch()
    return meta === undefined ? {} : (JSON.parse(meta) as JobMeta)
  }
}

/** How one execution of a job ended. */
export interface ExecutionResult<Result> extends Omit<JobResultEntry, 'result'> {
  /** Of a finished one. */
  readonly result?: Result
}
