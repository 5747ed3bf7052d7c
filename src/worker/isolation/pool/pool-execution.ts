import type { JobFailure } from '../../../job/failure.ts'
import type { ClaimedJob } from '../../../job/record.ts'
import { askToHandOver, type Measuring } from '../fork/hand-over.ts'
import type { ExecutionEnd, ExecutionObserver, Measurement, RunningExecution } from '../isolation.ts'
import type { ProfileRequest } from '../profiling.ts'
import { JobMeter } from './job-meter.ts'

/** The child that a job is in, as its execution needs it. */
export interface ExecutionHost {
  readonly pid: number | undefined
  /** Other jobs may run in it at the same time. */
  readonly isShared: boolean
  /** It measures, and can be asked to hand over. */
  readonly canBeWarned: boolean
  /** It cannot be asked by signal. */
  readonly onlyListens: boolean
  abort(execution: PoolExecution): void
  /** Ask for what it has measured so far. */
  handOver(): void
  kill(): void
  drainOutput(): void
}

/** One job on its way through the pool: waiting for a child, in a child, ended. */
export class PoolExecution implements RunningExecution, Measuring {
  readonly job: ClaimedJob
  readonly observer: ExecutionObserver
  readonly ended: Promise<ExecutionEnd>
  /** It has limits that can only be kept where no other job runs, in a pool whose children run several. */
  readonly wantsAlone: boolean
  /** It is to be measured, and how. */
  readonly profile: ProfileRequest | undefined
  readonly profiled: Promise<Buffer | undefined>
  #resolveProfiled!: (raw: Buffer | undefined) => void
  #isSettled = false
  /** When its child got it. */
  assignedAt = 0
  killed = false
  /** What the child has named as its end, while that child is still to die of it. */
  doom: JobFailure | undefined
  abortReason: string | undefined
  #child: ExecutionHost | undefined
  #meter: JobMeter | undefined
  #outputBytes = 0
  readonly #onKillWaiting: (execution: PoolExecution) => void
  #settle!: (end: ExecutionEnd) => void

  constructor(
    job: ClaimedJob,
    observer: ExecutionObserver,
    perChild: number,
    onKillWaiting: (execution: PoolExecution) => void,
    profile?: ProfileRequest,
  ) {
    this.profile = profile
    this.profiled = new Promise((resolve) => {
      this.#resolveProfiled = resolve
    })
    this.job = job
    this.observer = observer
    const { memoryBytes, cpuMs, openFiles } = job.limits ?? {}
    this.wantsAlone = perChild > 1 && (memoryBytes ?? cpuMs ?? openFiles) !== undefined
    this.#onKillWaiting = onKillWaiting
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  enter(child: ExecutionHost): void {
    this.#child = child
    this.assignedAt = performance.now()
    // To look costs something: only where there is a limit to be kept.
    if (this.job.limits && child.pid !== undefined && (this.wantsAlone || !child.isShared))
      this.#meter = new JobMeter(child.pid)
  }

  /** What is beyond the limit is dropped: it may be there before anybody notices. */
  output(stream: 'stdout' | 'stderr', text: string): void {
    const left = (this.job.limits?.outputBytes ?? Number.POSITIVE_INFINITY) - this.#outputBytes
    const bytes = Buffer.byteLength(text)
    this.#outputBytes += bytes
    if (left > 0) this.observer.output(stream, bytes <= left ? text : Buffer.from(text).toString('utf8', 0, left))
  }

  /** Jobs that share a process cannot be told apart by what it uses: only by what they print. */
  measure(): Measurement | undefined {
    if (this.#child === undefined) return undefined
    this.#child.drainOutput()
    const used = this.#meter?.sample() ?? { memoryBytes: 0, cpuMs: 0 }
    return { ...used, outputBytes: this.#outputBytes }
  }

  abort(reason: string): void {
    this.abortReason ??= reason
    this.#child?.abort(this)
  }

  kill(): void {
    this.killed = true
    const child = this.#child
    if (child === undefined) return this.#onKillWaiting(this)
    if (this.profile === undefined) return child.kill()
    // It may end by itself meanwhile, and then its child is not to be killed any more.
    void askToHandOver(this).then(() => this.#isSettled || child.kill())
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get canBeWarned(): boolean {
    return this.#child?.canBeWarned ?? false
  }

  get onlyListens(): boolean {
    return this.#child?.onlyListens ?? true
  }

  handOver(): void {
    this.#child?.handOver()
  }

  /** It has handed over. */
  measured(raw: Buffer): void {
    this.#resolveProfiled(raw)
  }

  settle(end: ExecutionEnd): void {
    this.#isSettled = true
    this.#settle(end)
    this.#resolveProfiled(undefined)
  }
}
