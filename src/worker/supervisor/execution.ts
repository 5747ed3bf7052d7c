import type { ExecutionOutcome } from '../../broker/broker.ts'
import type { JobFailure } from '../../job/failure.ts'
import { type ClaimedJob, UNLIMITED } from '../../job/record.ts'
import { formatDuration } from '../../support/duration.ts'
import { LongTimeout } from '../../support/long-timeout.ts'
import type { ExecutionEnd, ExecutionObserver, Isolation, RunningExecution } from '../isolation/isolation.ts'

/** Why we end an execution ourselves. */
type Ending = 'timeout' | 'shutdown' | 'lease-lost'

/**
 * One run of one job: starts it, keeps its time limit from outside its process, and judges its end.
 * At the limit its signal aborts; a grace later its process group is killed, blocked loop or not.
 */
export class Execution {
  readonly job: ClaimedJob
  readonly startedAt = Date.now()
  /** What the broker is to be told; nothing where the job is somebody else's by now. */
  readonly outcome: Promise<ExecutionOutcome | undefined>
  readonly #running: RunningExecution
  readonly #graceMs: number
  #ending: Ending | undefined
  #timer: LongTimeout | undefined

  constructor(job: ClaimedJob, isolation: Isolation, observer: ExecutionObserver, graceMs: number) {
    this.job = job
    this.#graceMs = graceMs
    this.#running = isolation.run(job, observer)
    if (job.timeoutMs !== UNLIMITED) this.#timer = new LongTimeout(job.timeoutMs, () => this.#timeOut())
    this.outcome = this.#running.ended.then((end) => this.#judge(end))
  }

  /** Kill it and hand the job back, uncounted. */
  interrupt(): void {
    this.#end('shutdown')
  }

  /** The lease is gone: another worker may be running the job already. */
  abandon(): void {
    this.#end('lease-lost')
  }

  #end(ending: Ending): void {
    this.#ending = ending
    this.#running.kill()
  }

  #timeOut(): void {
    this.#ending ??= 'timeout'
    this.#running.abort(`the job reached its timeout of ${formatDuration(this.job.timeoutMs)}`)
    this.#timer = new LongTimeout(this.#graceMs, () => this.#running.kill())
  }

  #judge(end: ExecutionEnd): ExecutionOutcome | undefined {
    this.#timer?.clear()
    if (this.#ending === 'lease-lost') return undefined
    const base = { jobId: this.job.id, executionId: this.job.executionId, ...(end.bill ? { bill: end.bill } : {}) }
    if (end.type === 'finished') return { ...base, type: 'finished', result: end.result }
    if (end.type === 'unstarted' || this.#ending === 'shutdown') return { ...base, type: 'released' }
    if (this.#ending === 'timeout') return { ...base, type: 'failed', failure: this.#timeoutFailure(end) }
    if (end.type === 'failed') return { ...base, type: 'failed', failure: end.failure }
    throw new Error(`[BUG] execution ${this.job.executionId} was killed, and nobody wanted it`)
  }

  #timeoutFailure(end: ExecutionEnd): JobFailure {
    const limit = formatDuration(this.job.timeoutMs)
    const base = { kind: 'timeout', name: 'JobTimeoutError' } as const
    if (end.type === 'failed') {
      const { name, message, stack } = end.failure
      const cause = stack === undefined ? { name, message } : { name, message, stack }
      return { ...base, message: `the job reached its timeout of ${limit} and gave up when its signal aborted`, cause }
    }
    const killed =
      end.type === 'killed' && end.givenUp
        ? 'and could not be killed in inline mode; its code may still be running'
        : `and was killed, for it had not ended ${formatDuration(this.#graceMs)} after its signal aborted`
    return { ...base, message: `the job reached its timeout of ${limit} ${killed}` }
  }
}
