import type { JobFailure } from '../../../job/failure.ts'
import { type ClaimedJob, wasAbandoned } from '../../../job/record.ts'
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
  /** Takes back what it has not begun; kills it where it runs this one. */
  killJob(execution: PoolExecution): void
  abort(execution: PoolExecution): void
  /** Ask for what it has measured so far. */
  handOver(): void
  drainOutput(): void
}

export interface PoolPlace {
  readonly perChild: number
  /** Its turn among all that the pool was given. */
  readonly turn: number
  /** It may have to wait for others in its child: there are as many already as run at a time, or they are very short. */
  readonly isPrefetched: boolean
  /** It is in no child, and is not to wait for one any more. */
  leave(execution: PoolExecution): void
}

const UNSTARTED: ExecutionEnd = { type: 'unstarted', reason: 'it was still waiting' }
const KILLED: ExecutionEnd = { type: 'killed', givenUp: false }

/** One job on its way through the pool: waiting for a child, in a child, begun, ended. */
export class PoolExecution implements RunningExecution, Measuring {
  readonly job: ClaimedJob
  readonly turn: number
  readonly #wasPrefetched: boolean
  readonly observer: ExecutionObserver
  readonly ended: Promise<ExecutionEnd>
  /** It has limits that can only be kept where no other job runs, in a pool whose children run several. */
  readonly wantsAlone: boolean
  /** It may be given to a child that runs another still: nothing has to be looked at or set up the moment it begins. */
  readonly mayBeAhead: boolean
  /** It is to be measured, and how. */
  readonly profile: ProfileRequest | undefined
  readonly profiled: Promise<Buffer | undefined>
  #resolveProfiled!: (raw: Buffer | undefined) => void
  #isSettled = false
  readonly givenAt = performance.now()
  /** When it began, as far as is known; 0 before. */
  begunAt = 0
  killed = false
  /** What the child has named as its end, while that child is still to die of it. */
  doom: JobFailure | undefined
  abortReason: string | undefined
  #child: ExecutionHost | undefined
  #meter: JobMeter | undefined
  #outputBytes = 0
  readonly #place: PoolPlace
  #settle!: (end: ExecutionEnd) => void

  constructor(job: ClaimedJob, observer: ExecutionObserver, place: PoolPlace, profile?: ProfileRequest) {
    this.#place = place
    this.turn = place.turn
    this.#wasPrefetched = place.isPrefetched
    this.mayBeAhead = job.limits === undefined && profile === undefined && !wasAbandoned(job)
    this.profile = profile
    this.profiled = new Promise((resolve) => {
      this.#resolveProfiled = resolve
    })
    this.job = job
    this.observer = observer
    const { memoryBytes, cpuMs, openFiles } = job.limits ?? {}
    this.wantsAlone = place.perChild > 1 && (memoryBytes ?? cpuMs ?? openFiles) !== undefined
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  get isPrefetched(): boolean {
    return this.#wasPrefetched && this.begunAt === 0
  }

  enter(child: ExecutionHost): void {
    this.#child = child
  }

  /** Its child was asked in time not to begin it. */
  leave(): void {
    this.#child = undefined
    this.begunAt = 0
  }

  begin(): void {
    this.begunAt = performance.now()
    const child = this.#child
    // To look costs something: only where there is a limit to be kept.
    if (this.job.limits && child?.pid !== undefined && (this.wantsAlone || !child.isShared))
      this.#meter = new JobMeter(child.pid)
    if (this.#wasPrefetched) this.observer.begun?.()
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
    if (this.#child === undefined || this.begunAt === 0) return undefined
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
    if (child === undefined) return this.#leaveWaiting(UNSTARTED)
    if (this.profile !== undefined) {
      // It may end by itself meanwhile, and then its child is not to be killed any more.
      void askToHandOver(this).then(() => this.#isSettled || child.killJob(this))
      return
    }
    const wasGiven = this.begunAt > 0
    child.killJob(this)
    // It was given to a child that had not come to begin it: nobody but we can tell.
    if (this.#child === undefined) this.#leaveWaiting(wasGiven ? KILLED : UNSTARTED)
  }

  #leaveWaiting(end: ExecutionEnd): void {
    this.#place.leave(this)
    this.settle(end)
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
