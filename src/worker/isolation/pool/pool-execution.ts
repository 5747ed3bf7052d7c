import type { JobFailure } from '../../../job/failure.ts'
import type { ClaimedJob } from '../../../job/record.ts'
import type { ExecutionEnd, ExecutionObserver, RunningExecution } from '../isolation.ts'
import type { PoolChildHandle } from './pool-child-handle.ts'

/** One job on its way through the pool: waiting for a child, in a child, ended. */
export class PoolExecution implements RunningExecution {
  readonly job: ClaimedJob
  readonly observer: ExecutionObserver
  readonly ended: Promise<ExecutionEnd>
  /** When its child got it. */
  assignedAt = 0
  killed = false
  /** What the child has named as its end, while that child is still to die of it. */
  doom: JobFailure | undefined
  abortReason: string | undefined
  #child: PoolChildHandle | undefined
  readonly #onKillWaiting: (execution: PoolExecution) => void
  #settle!: (end: ExecutionEnd) => void

  constructor(job: ClaimedJob, observer: ExecutionObserver, onKillWaiting: (execution: PoolExecution) => void) {
    this.job = job
    this.observer = observer
    this.#onKillWaiting = onKillWaiting
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  enter(child: PoolChildHandle): void {
    this.#child = child
    this.assignedAt = performance.now()
  }

  abort(reason: string): void {
    this.abortReason ??= reason
    this.#child?.abort(this)
  }

  kill(): void {
    this.killed = true
    if (this.#child) this.#child.kill()
    else this.#onKillWaiting(this)
  }

  settle(end: ExecutionEnd): void {
    this.#settle(end)
  }
}
