import { createCurrentJob, LazyAbort, runInJob } from '../../../job/context.ts'
import { runHooks } from '../../../job/hooks.ts'
import { loadModules } from '../../../job/load-modules.ts'
import type { ClaimedJob } from '../../../job/record.ts'
import { type DeclaredSchedule, listSchedules } from '../../../scheduler/declarations.ts'
import { ShortMap } from '../../../support/short-map.ts'
import { toMicroseconds } from '../../../support/to-microseconds.ts'
import { executeJob } from '../../execute-job.ts'
import type { ExecutionEnd, ExecutionObserver, Isolation, RunningExecution } from '../isolation.ts'
import { LoopWatch } from './loop-watch.ts'

export interface InlineOptions {
  /** Absolute paths of the job modules. */
  readonly modules: readonly string[]
  /** How long jobs may block the event loop before `blocked` is told; without it, nobody looks. */
  readonly blockedMs?: number
  /** How long `beforeExit` hooks may take; without it, for ever. */
  readonly exitGraceMs?: number
}

export interface InlineEvents {
  /** The event loop has stood still, while these jobs ran. */
  blocked(ms: number, jobs: readonly string[]): void
  /** `beforeExit` hooks are not waited for any longer. */
  hooksHung(ms: number): void
}

/**
 * Inline mode: jobs run in the worker's own process, many at once, sharing its event loop, memory and fate.
 * For I/O-bound jobs that trust each other, for tests, and for debuggers. A job that blocks the loop blocks the
 * worker; one that cannot be aborted can only be given up, not killed.
 */
export class InlineIsolation implements Isolation {
  readonly mode = 'inline'
  readonly #options: InlineOptions
  readonly #events: InlineEvents | undefined
  /** What runs, and how to let go of it. */
  readonly #running = new ShortMap<ClaimedJob, () => void>()
  readonly #watch: LoopWatch | undefined

  constructor(options: InlineOptions, events?: InlineEvents) {
    this.#options = options
    this.#events = events
    if (options.blockedMs === undefined || events === undefined) return
    this.#watch = new LoopWatch(options.blockedMs, (ms) =>
      events.blocked(ms, [...new Set(this.#running.keys().map(({ name }) => name))]),
    )
  }

  get schedules(): readonly DeclaredSchedule[] {
    return listSchedules()
  }

  async start(): Promise<void> {
    await loadModules(this.#options.modules)
    for (const hook of ['preload', 'warmUp', 'afterFork'] as const) await runHooks(hook)
  }

  run(job: ClaimedJob, observer: ExecutionObserver): RunningExecution {
    const abort = new LazyAbort()
    const begun = performance.now()
    // One promise, settled by whichever comes first: there are thousands of jobs in a second here.
    let settle!: (end: ExecutionEnd) => void
    const ended = new Promise<ExecutionEnd>((resolve) => {
      settle = (end) => {
        this.#left(job)
        resolve(end)
      }
    })
    const giveUp = () => settle({ type: 'killed', givenUp: true })
    this.#running.set(job, giveUp)
    this.#watch?.begin()
    const current = createCurrentJob(job, abort, observer)
    void executeJob(current, job.args, runInJob).then((result) =>
      settle({ bill: { wallMs: toMicroseconds(performance.now() - begun) }, ...result }),
    )
    return {
      ended,
      abort: (reason) => abort.abort(reason),
      kill: giveUp,
    }
  }

  async close(): Promise<void> {
    for (const giveUp of this.#running.values()) giveUp()
    this.#watch?.end()
    await this.#leave()
  }

  async #leave(): Promise<void> {
    const { exitGraceMs } = this.#options
    const hooks = runHooks('beforeExit')
    if (exitGraceMs === undefined) return hooks
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#events?.hooksHung(exitGraceMs)
        resolve()
      }, exitGraceMs)
    })
    await Promise.race([hooks, late]).finally(() => clearTimeout(timer))
  }

  #left(job: ClaimedJob): void {
    if (!this.#running.has(job)) return
    // While it is still among those that ran.
    this.#watch?.look()
    this.#running.delete(job)
    if (this.#running.size === 0) this.#watch?.end()
  }
}
