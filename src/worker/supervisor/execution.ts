import type { ExecutionOutcome } from '../../broker/broker.ts'
import type { JobFailure } from '../../job/failure.ts'
import type { LimitError } from '../../job/limit-errors.ts'
import type { JobLimits } from '../../job/limits.ts'
import { type Bill, type ClaimedJob, UNLIMITED } from '../../job/record.ts'
import { formatDuration } from '../../support/duration.ts'
import { LongTimeout } from '../../support/long-timeout.ts'
import type {
  ExecutionEnd,
  ExecutionObserver,
  Isolation,
  Measurement,
  RunningExecution,
} from '../isolation/isolation.ts'
import { killedFailure, stoppedFailure, timeoutFailure } from './ending-failures.ts'
import { explainRefusal } from './limit-watch.ts'

/** Why we end an execution ourselves. The first reason counts, but for a lost lease, which leaves nothing to tell. */
type Ending =
  | { readonly type: 'timeout' }
  | { readonly type: 'limit'; readonly error: LimitError }
  | { readonly type: 'stopped'; readonly graceMs: number }
  | { readonly type: 'canceled' }
  | { readonly type: 'killed' }
  | { readonly type: 'shutdown' }
  | { readonly type: 'lease-lost' }

/**
 * One run of one job: starts it, keeps its time limit from outside its process, and judges its end.
 * At the limit its signal aborts; a grace later its process group is killed, blocked loop or not.
 */
export class Execution {
  readonly job: ClaimedJob
  /** When it began; while it waits for another, when it was given. */
  startedAt = Date.now()
  begunAt = performance.now()
  /** What the broker is to be told; nothing where the job is somebody else's by now. */
  readonly outcome: Promise<ExecutionOutcome | undefined>
  readonly #running: RunningExecution
  readonly #graceMs: number
  #ending: Ending | undefined
  #timer: LongTimeout | undefined
  #killTimer: LongTimeout | undefined

  constructor(job: ClaimedJob, isolation: Isolation, observer: ExecutionObserver, graceMs: number) {
    this.job = job
    this.#graceMs = job.limits?.graceMs ?? graceMs
    this.#running = isolation.run(job, observer)
    if (this.#running.isPrefetched !== true) this.#startClock()
    this.outcome = this.#running.ended.then((end) => this.#judge(end))
  }

  /** It was prefetched, and is no more. */
  begin(): void {
    this.startedAt = Date.now()
    this.begunAt = performance.now()
    this.#startClock()
  }

  get isPrefetched(): boolean {
    return this.#running.isPrefetched === true
  }

  #startClock(): void {
    const { timeoutMs } = this.job
    this.#timer?.clear()
    if (timeoutMs !== UNLIMITED) this.#timer = new LongTimeout(timeoutMs, () => this.#timeOut())
  }

  get limits(): JobLimits {
    return this.job.limits ?? {}
  }

  /** Where its isolation cannot tell, limits cannot be kept. */
  get isMeasurable(): boolean {
    return this.#running.measure !== undefined
  }

  measure(): Measurement | undefined {
    return this.#running.measure?.()
  }

  /** It is beyond a limit: kill it. */
  breached(error: LimitError): void {
    this.#end({ type: 'limit', error })
  }

  /** Somebody wants it ended: abort its signal, and kill it when the grace is over; at once where that is 0. */
  stop(graceMs: number): void {
    const ending = { type: 'stopped', graceMs } as const
    if (graceMs <= 0) return this.#end(ending)
    this.#mark(ending)
    this.#running.abort('the job was stopped')
    this.#killAfter(graceMs)
  }

  /** Somebody asks it to end: abort its signal. A job that does not look at it goes on. */
  cancel(): void {
    this.#ending ??= { type: 'canceled' }
    this.#running.abort('the job was canceled')
  }

  /** Kill it; this attempt has failed. */
  kill(): void {
    this.#end({ type: 'killed' })
  }

  /** Kill it and hand the job back, uncounted. */
  interrupt(): void {
    this.#end({ type: 'shutdown' })
  }

  /** The lease is gone: another worker may be running the job already. */
  abandon(): void {
    this.#ending = { type: 'lease-lost' }
    this.#running.kill()
  }

  #end(ending: Ending): void {
    this.#mark(ending)
    this.#running.kill()
  }

  /** A cancel that the job has not heeded does not keep what comes after it from ending the job by its own name. */
  #mark(ending: Ending): void {
    if (this.#ending === undefined || this.#ending.type === 'canceled') this.#ending = ending
  }

  #timeOut(): void {
    // What is left of it is the end of its process, which has a limit of its own.
    if (this.#running.hasSettled?.()) return
    this.#mark({ type: 'timeout' })
    this.#running.abort(`the job reached its timeout of ${formatDuration(this.job.timeoutMs)}`)
    this.#killAfter(this.#graceMs)
  }

  #killAfter(graceMs: number): void {
    this.#killTimer?.clear()
    this.#killTimer = new LongTimeout(graceMs, () => this.#running.kill())
  }

  #judge(end: ExecutionEnd): ExecutionOutcome | undefined {
    this.#timer?.clear()
    this.#killTimer?.clear()
    const ending = this.#ending
    if (ending?.type === 'lease-lost') return undefined
    const { id: jobId, executionId } = this.job
    const bill = this.#billOf(end)
    // Most end so, and copying objects costs.
    if (end.type === 'finished' && bill) return { type: 'finished', jobId, executionId, result: end.result, bill }
    const base = { jobId, executionId, ...(bill ? { bill } : {}) }
    if (end.type === 'finished') return { type: 'finished', result: end.result, ...base }
    if (end.type === 'unstarted' && ending?.type === 'stopped') {
      return { type: 'stopped', failure: stoppedFailure(ending.graceMs, end), ...base }
    }
    if (end.type === 'unstarted' && ending?.type === 'killed') {
      return { type: 'failed', failure: killedFailure(), ...base }
    }
    if (end.type === 'unstarted') return { type: 'released', ...base }
    switch (ending?.type) {
      case 'shutdown':
        return { type: 'released', ...base }
      case 'stopped':
        return { type: 'stopped', failure: stoppedFailure(ending.graceMs, end), ...base }
      case 'canceled':
        return { type: 'canceled', ...base }
      case 'killed':
        return { type: 'failed', failure: killedFailure(), ...base }
      case 'limit':
        return { type: 'failed', failure: ending.error.toFailure(), ...base }
      case 'timeout':
        return { type: 'failed', failure: timeoutFailure(this.job.timeoutMs, this.#graceMs, end), ...base }
      case undefined:
        return { type: 'failed', failure: this.#failureOf(end), ...base }
    }
  }

  #failureOf(end: ExecutionEnd): JobFailure {
    if (end.type === 'failed') return explainRefusal(this.job.limits, end.failure)
    throw new Error(`[BUG] execution ${this.job.executionId} was killed, and nobody wanted it`)
  }

  #billOf({ bill }: ExecutionEnd): Bill | undefined {
    // Both by the broker's clock, and the time of day may have been set in between.
    return bill && { waitMs: Math.max(0, this.job.startedAt - this.job.enqueuedAt), ...bill }
  }
}
