import { PoolStartError } from '../../../errors.ts'
import type { ClaimedJob } from '../../../job/record.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import { ShortSet } from '../../../support/short-map.ts'
import { askToHandOver } from '../fork/hand-over.ts'
import type { ExecutionObserver, Isolation, Prefetch, RunningExecution } from '../isolation.ts'
import type { ExecutionProfiler, Profiling } from '../profiling.ts'
import { Assignment } from './assignment.ts'
import { Inspection } from './inspection.ts'
import type { PoolChildHandle } from './pool-child-handle.ts'
import { PoolExecution } from './pool-execution.ts'
import type { PoolEvents, PoolOptions } from './pool-options.ts'
import type { Nursery } from './pool-process.ts'
import { Roster } from './roster.ts'

/**
 * Pool mode: long-lived children, one job at a time in each, reused until they are retired. Which children there are is
 * the matter of roster.ts; which job goes to which, of assignment.ts.
 */
export class PoolIsolation implements Isolation, Profiling {
  readonly mode = 'pool'
  readonly #options: PoolOptions
  readonly #nursery: Nursery
  readonly #events: PoolEvents
  readonly #roster: Roster
  readonly #inspection: Inspection
  readonly #assignment: Assignment
  #turns = 0
  readonly #running = new ShortSet<PoolExecution>()
  /** Somebody waits for the first child to be ready. */
  #starting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  #schedules: readonly DeclaredSchedule[] = []
  #isOpen = true
  #closed: Promise<void> | undefined
  profiler: ExecutionProfiler | undefined

  constructor(options: PoolOptions, nursery: Nursery, events: PoolEvents) {
    this.#options = options
    this.#nursery = nursery
    this.#events = events
    this.#roster = new Roster(options, nursery, events, {
      hasRoom: (child) => this.#hasRoom(child),
      hasLess: () => this.#assignment.assignSoon(),
      jobEnded: (wallMs) => this.#assignment.prefetching.jobEnded(wallMs),
      tookBack: (executions) => this.#assignment.tookBack(executions),
      broken: (error) => this.#break(error),
    })
    this.#inspection = new Inspection(options, this.#roster)
    this.#assignment = new Assignment(options, this.#roster, nursery.canTakeBack, () => this.#running.size)
  }

  /** Resolves when a child is ready. @throws PoolStartError, @throws ZygoteBootError */
  async start(): Promise<void> {
    await this.#nursery.start(() => this.#roster.lost())
    const ready = new Promise<void>((resolve, reject) => {
      this.#starting = { resolve, reject }
    })
    if (!this.#isOpen) this.#break(undefined)
    this.#roster.grow(this.#options.first)
    await ready
    this.#inspection.start()
  }

  run(job: ClaimedJob, observer: ExecutionObserver): RunningExecution {
    const { profiler } = this
    const profile = this.refusal === undefined ? profiler?.request(job) : undefined
    const place = {
      perChild: this.#options.perChild,
      turn: ++this.#turns,
      isPrefetched: this.#assignment.mayGoAhead,
      leave: this.#assignment.leave,
    }
    const execution = new PoolExecution(job, observer, place, profile)
    if (profile) void execution.profiled.then((raw) => profiler?.collected(job, raw))
    this.#running.add(execution)
    this.#keepRoom(execution, 1)
    this.#inspection.busy = true
    void execution.ended.then(() => {
      this.#running.delete(execution)
      this.#keepRoom(execution, -1)
      this.#inspection.busy = this.#running.size > 0
    })
    this.#assignment.add(execution)
    return execution
  }

  get prefetch(): Prefetch | undefined {
    const { prefetching } = this.#assignment
    return prefetching.isOn ? prefetching : undefined
  }

  get profiling(): Profiling {
    return this
  }

  get refusal(): string | undefined {
    const { perChild } = this.#options
    if (perChild === 1) return undefined
    return `${perChild} jobs share each pool child (pool.perChild), and cannot be told apart there`
  }

  async handOverProfiles(): Promise<void> {
    await Promise.all(
      this.#running
        .values()
        .filter(({ profile }) => profile !== undefined)
        .map(askToHandOver),
    )
  }

  /** Children that have loaded before finish their jobs; others take their places meanwhile. */
  async recycle(): Promise<void> {
    const old = [...this.#roster.children]
    await this.#nursery.recycle()
    for (const child of old) if (child.isStaying) this.#roster.retire(child, 'the application was loaded anew', true)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  get schedules(): readonly DeclaredSchedule[] {
    return this.#schedules
  }

  /** Pids of the children that can take jobs. */
  get childPids(): readonly number[] {
    return [...this.#roster.children].flatMap(({ state, pid }) => (state === 'ready' && pid !== undefined ? [pid] : []))
  }

  async #close(): Promise<void> {
    this.#break(undefined)
    for (const execution of this.#running.values()) execution.kill()
    await this.#roster.close()
    await this.#nursery.close()
  }

  #hasRoom(child: PoolChildHandle): void {
    this.#schedules = child.schedules
    this.#starting?.resolve()
    this.#starting = undefined
    this.#assignment.hasRoom(child)
  }

  /** A job that is to be alone takes room from others: there may be a child more while it is there. */
  #keepRoom({ wantsAlone }: PoolExecution, more: number): void {
    if (wantsAlone) this.#roster.extra += more
  }

  /** No child takes a job any more. @param error where that is our own doing, and nobody else tells it */
  #break(error: PoolStartError | undefined): void {
    this.#isOpen = false
    this.#inspection.stop()
    this.#roster.stop()
    this.#assignment.stop()
    if (this.#starting) this.#starting.reject(error ?? new PoolStartError('the pool was closed before it was ready'))
    else if (error) this.#events.broken(error)
    this.#starting = undefined
  }
}
