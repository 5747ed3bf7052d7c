import type { JobFailure } from '../../job/failure.ts'
import type { JobGateway } from '../../job/gateway.ts'
import { type Bill, type ClaimedJob, JOB_ISOLATIONS, type JobIsolation } from '../../job/record.ts'
import type { DeclaredSchedule } from '../../scheduler/declarations.ts'
import type { Profiling } from './profiling.ts'

/**
 * Where a job's code runs. One contract, one conformance suite (test/conformance/isolation);
 * the supervisor knows nothing else about processes.
 */
export interface Isolation {
  readonly mode: IsolationMode
  /** What the job modules declare by `schedule()`; known once it has started. */
  readonly schedules: readonly DeclaredSchedule[]
  /** Load the job modules and get ready to run. @throws ZygoteBootError, @throws PoolStartError, @throws ForkUnavailableError */
  start(): Promise<void>
  /** Run a job. Never throws for what the job does: that is in `ended`. */
  run(job: ClaimedJob, observer: ExecutionObserver): RunningExecution
  /** Absent where a mode cannot tell executions apart. */
  readonly profiling?: Profiling | undefined
  /**
   * Load the job modules anew, for the executions that begin from then on; those that run go on as they are. Absent where
   * the mode cannot. @throws ZygoteBootError, @throws PoolStartError: then all is as it was
   */
  recycle?(): Promise<void>
  /** As many executions as this may run at the same time from now on. */
  resize?(slots: number): void
  /** Absent where a job that cannot run at once has nothing to wait in. */
  readonly prefetch?: Prefetch | undefined
  /** Leave. Running executions are killed and end as `killed`. */
  close(): Promise<void>
}

/** Jobs beyond those that run: held so that one is there the moment another has ended. */
export interface Prefetch {
  /** How many are worth holding, as things are. */
  readonly room: number
  /** How many there are beyond those that can run at a time; negative where more could. */
  readonly excess: number
}

export const ISOLATION_MODES = JOB_ISOLATIONS
export type IsolationMode = JobIsolation

export interface RunningExecution {
  /** It waits for another to end, though it was given; `observer.begun` tells when it begins. Until then its time does not run. */
  readonly isPrefetched?: boolean
  /** Settles once, when nothing of the job runs any more (or, inline, when it can no longer be waited for). */
  readonly ended: Promise<ExecutionEnd>
  /** Ask the job to stop: aborts its `signal`. A job that does not look at it goes on. */
  abort(reason: string): void
  /** End the job's process group now. Where the mode cannot (inline), the execution is given up. */
  kill(): void
  /**
   * What it has used so far, seen from outside its process; undefined before its process is born and after its end.
   * Absent where the mode cannot tell: there limits of memory, CPU time and output cannot be kept.
   */
  measure?(): Measurement | undefined
  /** The job has ended, and its outcome is known; its process runs `beforeExit` hooks still. Absent where that is one. */
  hasSettled?(): boolean
}

export interface Measurement {
  /** What the job and its child processes have allocated since the hand-over, without what they have inherited. */
  readonly memoryBytes: number
  /** User and system, with the children it has waited for. */
  readonly cpuMs: number
  /** Printed so far. */
  readonly outputBytes: number
  /** The kernel has killed one of its processes, because they were at their memory limit together. */
  readonly outOfMemory?: boolean
}

/** How the job's process ended, before the supervisor has judged it. */
export type ExecutionEnd = { readonly bill?: Bill } & (
  | { readonly type: 'finished'; readonly result: string }
  | { readonly type: 'failed'; readonly failure: JobFailure }
  /** Ended by our own `kill()`. `givenUp`: the code may still be running (inline). */
  | { readonly type: 'killed'; readonly givenUp: boolean }
  /** The job never began, through no fault of its own. */
  | { readonly type: 'unstarted'; readonly reason: string }
)

/** What a running job says to its supervisor. */
export interface ExecutionObserver {
  /** A job that was prefetched begins. Not called for others. */
  begun?(): void
  /** Answers what the job asks of the broker (a job may enqueue jobs). */
  readonly gateway: JobGateway
  output(stream: 'stdout' | 'stderr', text: string): void
  log(message: string): void
  update(change: { readonly meta?: string; readonly progress?: number }): void
}
