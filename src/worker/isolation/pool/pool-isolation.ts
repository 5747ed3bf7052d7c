import { PoolStartError } from '../../../errors.ts'
import type { ClaimedJob } from '../../../job/record.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import { ShortSet } from '../../../support/short-map.ts'
import { askToHandOver } from '../fork/hand-over.ts'
import type { ExecutionObserver, Isolation, Prefetch, RunningExecution } from '../isolation.ts'
import type { ExecutionProfiler, Profiling } from '../profiling.ts'
import { Inspection } from './inspection.ts'
import { LONG_MS } from './pace.ts'
import type { PoolChildHandle } from './pool-child-handle.ts'
import { PoolExecution } from './pool-execution.ts'
import type { PoolEvents, PoolOptions } from './pool-options.ts'
import type { Nursery } from './pool-process.ts'
import { Prefetching } from './prefetching.ts'
import { Roster } from './roster.ts'

/**
 * Pool mode: long-lived children, one job at a time in each, reused until they are retired.
 * A job waits here until a child that is ready has room for it: one that does not come up, or is about to leave, never
 * holds a job. While jobs are short, children get some ahead (prefetching.ts). Where no child can be started any more,
 * waiting jobs are handed back unstarted.
 */
export class PoolIsolation implements Isolation, Profiling {
  readonly mode = 'pool'
  readonly #options: PoolOptions
  readonly #nursery: Nursery
  readonly #events: PoolEvents
  readonly #roster: Roster
  readonly #inspection: Inspection
  /** Those with room, the last used last: it is taken first, so that those that are not needed become idle. */
  readonly #roomy: PoolChildHandle[] = []
  /** In the order of their turns. */
  readonly #waiting: PoolExecution[] = []
  #turns = 0
  readonly #prefetching: Prefetching
  readonly #prefetches: boolean
  #isAssigning = false
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
      hasLess: () => this.#assignSoon(),
      jobEnded: (wallMs) => this.#prefetching.jobEnded(wallMs),
      tookBack: (executions) => this.#tookBack(executions),
      broken: (error) => this.#break(error),
    })
    this.#inspection = new Inspection(options, this.#roster)
    this.#prefetches = options.prefetch > 0 && nursery.canTakeBack
    this.#prefetching = new Prefetching(options.prefetch, {
      children: () => this.#roster.children,
      excess: () => this.#running.size - options.size,
      spread: () => this.#spread(),
    })
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
      isPrefetched: this.#prefetches && this.#running.size >= this.#options.size,
      leave: this.#leaveWaiting,
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
    this.#waiting.push(execution)
    if (this.#isOpen) this.#assign()
    else this.#handBack(execution, NO_CHILD)
    return execution
  }

  get prefetch(): Prefetch | undefined {
    return this.#prefetches ? this.#prefetching : undefined
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
    if (!this.#roomy.includes(child)) this.#roomy.push(child)
    this.#assign()
  }

  /** Gives waiting jobs to children with room, and asks for more children where there is not enough. */
  #assign(): void {
    let at = 0
    while (at < this.#waiting.length) {
      const execution = this.#waiting[at] as PoolExecution
      const child = this.#takeRoomy(execution)
      if (child === undefined) {
        if (!execution.wantsAlone) break
        // A child of its own comes up; others need not wait for that.
        at++
        continue
      }
      this.#waiting.splice(at, 1)
      this.#give(execution, child)
      child.send()
      if (child.hasRoom) this.#roomy.push(child)
    }
    if (this.#waiting.length === 0) return
    if (this.#prefetches && this.#roster.staying >= this.#options.size) this.#assignSoon()
    else this.#roster.grow(this.#childrenWanted())
  }

  /** Those that come in the same moment go to a child together. */
  #assignSoon(): void {
    if (!this.#prefetches || this.#isAssigning || this.#waiting.length === 0) return
    this.#isAssigning = true
    queueMicrotask(() => {
      this.#isAssigning = false
      this.#assignAhead()
    })
  }

  #assignAhead(): void {
    const given = new ShortSet<PoolChildHandle>()
    for (let next = this.#waiting[0]; next?.mayBeAhead; next = this.#waiting[0]) {
      const child = this.#prefetching.roomiest()
      if (child === undefined) break
      this.#waiting.shift()
      this.#give(next, child)
      given.add(child)
    }
    for (const child of given.values()) child.send()
    this.#prefetching.watch()
  }

  #give(execution: PoolExecution, child: PoolChildHandle): void {
    child.give(execution)
    const { maxJobs } = this.#options
    if (child.taken === maxJobs) this.#roster.retire(child, `it has got ${maxJobs} jobs`, true)
  }

  #tookBack(executions: readonly PoolExecution[]): void {
    this.#waiting.push(...executions)
    this.#waiting.sort((one, other) => one.turn - other.turn)
    if (!this.#isOpen) for (const execution of executions) this.#handBack(execution, NO_CHILD)
    else this.#assignSoon()
  }

  /** What is left when all children have as much as they may is for other workers. The last goes first: each is put in front. */
  #spread(): void {
    if (this.#waiting.length === 0) return
    this.#assign()
    for (let excess = this.#prefetching.held; excess > 0; excess--) {
      const last = this.#waiting.at(-1)
      if (last === undefined || performance.now() - last.givenAt < PATIENCE_MS) return
      this.#handBack(last, 'others run for long')
    }
  }

  #childrenWanted(): number {
    const alone = this.#waiting.filter(({ wantsAlone }) => wantsAlone).length
    return alone + Math.ceil((this.#waiting.length - alone) / this.#options.perChild)
  }

  /** A job that is to be alone takes room from others: there may be a child more while it is there. */
  #keepRoom({ wantsAlone }: PoolExecution, more: number): void {
    if (wantsAlone) this.#roster.extra += more
  }

  #takeRoomy({ wantsAlone }: PoolExecution): PoolChildHandle | undefined {
    if (wantsAlone) {
      const index = this.#roomy.findLastIndex(({ hasRoom, load }) => hasRoom && load === 0)
      return index < 0 ? undefined : this.#roomy.splice(index, 1)[0]
    }
    for (;;) {
      const child = this.#roomy.pop()
      // Some have left, or been told to, since they had room.
      if (child === undefined || child.hasRoom) return child
    }
  }

  /** No child takes a job any more. @param error where that is our own doing, and nobody else tells it */
  #break(error: PoolStartError | undefined): void {
    this.#isOpen = false
    this.#inspection.stop()
    this.#prefetching.stop()
    this.#roster.stop()
    for (const execution of [...this.#waiting]) this.#handBack(execution, NO_CHILD)
    if (this.#starting) this.#starting.reject(error ?? new PoolStartError('the pool was closed before it was ready'))
    else if (error) this.#events.broken(error)
    this.#starting = undefined
  }

  readonly #leaveWaiting = (execution: PoolExecution): void => {
    const index = this.#waiting.indexOf(execution)
    if (index >= 0) this.#waiting.splice(index, 1)
  }

  #handBack(execution: PoolExecution, reason: string): void {
    this.#leaveWaiting(execution)
    execution.settle({ type: 'unstarted', reason })
  }
}

/** How long a job may wait here for which there is no place. */
const PATIENCE_MS = 3 * LONG_MS

const NO_CHILD = 'no pool child can be started'
