import { UsageError } from '../../errors.ts'
import { type ClaimedJob, wasAbandoned } from '../../job/record.ts'
import type { DeclaredSchedule } from '../../scheduler/declarations.ts'
import type {
  ExecutionEnd,
  ExecutionObserver,
  Isolation,
  IsolationMode,
  Prefetch,
  RunningExecution,
} from './isolation.ts'
import { LateExecution } from './late-execution.ts'
import type { ExecutionProfiler, Profiling } from './profiling.ts'

export interface Routes {
  /** Where a worker's jobs run when nothing else is said. */
  readonly main: Isolation
  readonly byQueue: Readonly<Record<string, IsolationMode>>
  /** @throws ForkUnavailableError */
  open(mode: IsolationMode): Isolation
}

interface Opened {
  readonly isolation: Isolation
  /** Resolves when jobs can be given to it. */
  readonly started: Promise<void>
  isReady: boolean
}

/**
 * Sends each job where it is to run: where the job itself says, else its queue, else the worker.
 * Isolations other than the worker's own are opened for the first job that needs them, and stay.
 */
export class IsolationRouter implements Isolation, Profiling {
  readonly mode: IsolationMode
  readonly #routes: Routes
  readonly #others = new Map<IsolationMode, Opened>()
  #isClosing = false
  /** As many as there were last told to be. */
  #slots: number | undefined
  #profiler: ExecutionProfiler | undefined
  #expectsSampling = false
  /** When there last was a job beside which nothing is prefetched. */
  #loneAt = Number.NEGATIVE_INFINITY
  /** Jobs that run whose worker was lost with them before. */
  #suspects = 0

  constructor(routes: Routes) {
    this.#routes = routes
    this.mode = routes.main.mode
  }

  get schedules(): readonly DeclaredSchedule[] {
    return this.#routes.main.schedules
  }

  /** Of all that can tell executions apart, those included that are opened later. */
  get profiling(): Profiling {
    return this
  }

  get refusal(): string | undefined {
    const { profiling, mode } = this.#routes.main
    if (this.#profilings.some(({ refusal }) => refusal === undefined)) return undefined
    return profiling?.refusal ?? `jobs of isolation ${mode} share the worker's process, and cannot be told apart there`
  }

  get profiler(): ExecutionProfiler | undefined {
    return this.#profiler
  }

  set profiler(profiler: ExecutionProfiler | undefined) {
    this.#profiler = profiler
    for (const profiling of this.#profilings) profiling.profiler = profiler
  }

  expectSampling(expected: boolean): void {
    this.#expectsSampling = expected
    for (const profiling of this.#profilings) profiling.expectSampling?.(expected)
  }

  async handOverProfiles(): Promise<void> {
    await Promise.all(this.#profilings.map((profiling) => profiling.handOverProfiles()))
  }

  get #profilings(): Profiling[] {
    const opened = [...this.#others.values()].map(({ isolation }) => isolation)
    return [this.#routes.main, ...opened].flatMap(({ profiling }) => profiling ?? [])
  }

  /**
   * Jobs that run elsewhere cannot wait there, and one whose worker was lost with it may take along what waits: while such
   * come, nothing is claimed beyond what can run.
   */
  get prefetch(): Prefetch | undefined {
    if (this.#suspects > 0 || performance.now() - this.#loneAt < LONE_MS) return undefined
    return this.#routes.main.prefetch
  }

  start(): Promise<void> {
    return this.#routes.main.start()
  }

  run(job: ClaimedJob, observer: ExecutionObserver): RunningExecution {
    const { main, byQueue } = this.#routes
    const mode = job.isolation ?? byQueue[job.queue] ?? main.mode
    if (mode === main.mode) return wasAbandoned(job) ? this.#runSuspect(job, observer) : main.run(job, observer)
    this.#loneAt = performance.now()
    // Claimed to wait for another to end, which it could not here.
    if ((main.prefetch?.excess ?? 0) > 0) return refused(TOO_MANY)
    let opened: Opened
    try {
      opened = this.#others.get(mode) ?? this.#open(mode)
    } catch (error) {
      return refused(unavailable(mode, error))
    }
    if (opened.isReady) return opened.isolation.run(job, observer)
    return new LateExecution(
      opened.started,
      () => opened.isolation.run(job, observer),
      (error) => (this.#isClosing ? LEAVING : unavailable(mode, error)),
    )
  }

  /** If it takes this worker along, too, that is not to be held against it, or others, for having waited here. */
  #runSuspect(job: ClaimedJob, observer: ExecutionObserver): RunningExecution {
    const { main } = this.#routes
    this.#loneAt = performance.now()
    if (main.prefetch !== undefined && main.prefetch.excess >= 0) return refused(TOO_MANY)
    const execution = main.run(job, observer)
    this.#suspects++
    void execution.ended.then(() => {
      this.#suspects--
      this.#loneAt = performance.now()
    })
    return execution
  }

  /** Those that can; what runs inline stays as it is. @throws UsageError where none can */
  async recycle(): Promise<void> {
    const opened = [...this.#others.values()].filter(({ isReady }) => isReady).map(({ isolation }) => isolation)
    const recyclings = [this.#routes.main, ...opened].flatMap((isolation) => isolation.recycle?.() ?? [])
    if (recyclings.length === 0) {
      throw new UsageError(`isolation '${this.mode}' cannot load the jobs anew; restart the worker`)
    }
    await Promise.all(recyclings)
  }

  resize(slots: number): void {
    this.#slots = slots
    this.#routes.main.resize?.(slots)
    for (const { isolation } of this.#others.values()) isolation.resize?.(slots)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    const others = [...this.#others.values()].map(({ isolation }) => isolation.close())
    await Promise.all([...others, this.#routes.main.close()])
  }

  #open(mode: IsolationMode): Opened {
    const isolation = this.#routes.open(mode)
    if (this.#slots !== undefined) isolation.resize?.(this.#slots)
    const opened: Opened = { isolation, started: isolation.start(), isReady: false }
    this.#others.set(mode, opened)
    if (isolation.profiling) isolation.profiling.profiler = this.#profiler
    if (this.#expectsSampling) isolation.profiling?.expectSampling?.(true)
    opened.started.then(
      () => {
        opened.isReady = true
      },
      // The next job that needs it tries again.
      () => {
        this.#others.delete(mode)
        void isolation.close()
      },
    )
    return opened
  }
}

/** How long after such a job nothing is prefetched. */
const LONE_MS = 10_000
const TOO_MANY: ExecutionEnd = { type: 'unstarted', reason: 'as many run as may' }
const LEAVING: ExecutionEnd = { type: 'unstarted', reason: 'the worker leaves' }

function refused(end: ExecutionEnd): RunningExecution {
  return { ended: Promise.resolve(end), abort: () => {}, kill: () => {} }
}

function unavailable(mode: IsolationMode, error: unknown): ExecutionEnd {
  const message = `the job asks for isolation '${mode}', which this worker cannot give: ${(error as Error).message}`
  return { type: 'failed', failure: { kind: 'isolation', name: 'IsolationUnavailableError', message } }
}
