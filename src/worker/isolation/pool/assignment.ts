import { LONG_MS } from './pace.ts'
import type { PoolChildHandle } from './pool-child-handle.ts'
import type { PoolExecution } from './pool-execution.ts'
import type { PoolOptions } from './pool-options.ts'
import { Prefetching } from './prefetching.ts'
import type { Roster } from './roster.ts'

/** How long a job may wait here for which there is no place. */
const PATIENCE_MS = 3 * LONG_MS

const NO_CHILD = 'no pool child can be started'

/**
 * Which job goes to which child, and when. A job waits here until a child that is ready has room for it: one that does not
 * come up, or is about to leave, never holds a job. While jobs are short, children get some ahead (prefetching.ts). Where
 * no child can be started any more, waiting jobs are handed back unstarted.
 */
export class Assignment {
  readonly prefetching: Prefetching
  readonly #options: PoolOptions
  readonly #roster: Roster
  /** Those with room, the last used last: it is taken first, so that those that are not needed become idle. */
  readonly #roomy: PoolChildHandle[] = []
  /** In the order of their turns. */
  readonly #waiting: PoolExecution[] = []
  /** Those that have got jobs which are not sent yet. */
  readonly #unsent: PoolChildHandle[] = []
  readonly #running: () => number
  #isSoon = false
  #isOpen = true

  /**
   * @param canPrefetch jobs can be taken back from children
   * @param running how many jobs the pool has
   */
  constructor(options: PoolOptions, roster: Roster, canPrefetch: boolean, running: () => number) {
    this.#options = options
    this.#roster = roster
    this.#running = running
    this.prefetching = new Prefetching(canPrefetch ? options.prefetch : 0, {
      children: () => roster.children,
      excess: () => running() - options.size,
      spread: () => this.#spread(),
    })
  }

  /** The next job may be given to a child that has others before it. */
  get mayGoAhead(): boolean {
    return this.prefetching.isOn && (this.#running() >= this.#options.size || this.prefetching.bundle > 1)
  }

  /** It runs as soon as a child has room for it. */
  add(execution: PoolExecution): void {
    if (!this.#isOpen) return this.#handBack(execution, NO_CHILD)
    this.#waiting.push(execution)
    if (this.prefetching.bundle > 1) this.assignSoon()
    else this.#assign()
  }

  hasRoom(child: PoolChildHandle): void {
    if (!this.#roomy.includes(child)) this.#roomy.push(child)
    this.#assign()
  }

  /** They were given to a child that has not begun them. */
  tookBack(executions: readonly PoolExecution[]): void {
    if (!this.#isOpen) {
      for (const execution of executions) this.#handBack(execution, NO_CHILD)
      return
    }
    this.#waiting.push(...executions)
    this.#waiting.sort((one, other) => one.turn - other.turn)
    this.assignSoon()
  }

  /** It is not to wait any more. */
  readonly leave = (execution: PoolExecution): void => {
    const index = this.#waiting.indexOf(execution)
    if (index >= 0) this.#waiting.splice(index, 1)
  }

  /** No child takes a job any more. */
  stop(): void {
    this.#isOpen = false
    this.prefetching.stop()
    for (const execution of this.#waiting.splice(0)) this.#handBack(execution, NO_CHILD)
  }

  /** At the end of this moment, when all that comes in it is there: to wake a child costs more than most jobs do. */
  assignSoon(): void {
    if (this.#isSoon || this.#waiting.length === 0) return
    this.#isSoon = true
    queueMicrotask(() => {
      this.#isSoon = false
      this.#assignToRoomy()
      const isGrown = this.#roster.staying >= this.#options.size
      if (isGrown && this.prefetching.isOn) this.#assignAhead()
      else if (this.#waiting.length > 0) this.#roster.grow(this.#childrenWanted())
      this.#send()
    })
  }

  /** To children with room. Where there is not enough, more children come, or some get jobs ahead. */
  #assign(): void {
    this.#assignToRoomy()
    this.#send()
    this.assignSoon()
  }

  #assignToRoomy(): void {
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
      if (execution.mayBeAhead) this.#giveAhead(child, this.prefetching.bundle - 1)
      if (child.hasRoom) this.#roomy.push(child)
    }
  }

  #assignAhead(): void {
    for (;;) {
      const child = this.prefetching.roomiest()
      if (child === undefined || this.#giveAhead(child, 1) === 0) break
    }
    if (this.#waiting.length > 0) this.prefetching.watch()
  }

  /** The next ones, as far as they may. @returns how many */
  #giveAhead(child: PoolChildHandle, most: number): number {
    let given = 0
    for (; given < most && child.isStaying && this.#waiting[0]?.mayBeAhead; given++) {
      this.#give(this.#waiting.shift() as PoolExecution, child)
    }
    if (given > 0) this.prefetching.watch()
    return given
  }

  #give(execution: PoolExecution, child: PoolChildHandle): void {
    child.give(execution)
    if (!this.#unsent.includes(child)) this.#unsent.push(child)
    const { maxJobs } = this.#options
    if (child.taken === maxJobs) this.#roster.retire(child, `it has got ${maxJobs} jobs`, true)
  }

  #send(): void {
    for (const child of this.#unsent.splice(0)) child.send()
  }

  /** What is left when all children have as much as they may is for other workers. The last goes first: each is put in front. */
  #spread(): void {
    if (this.#waiting.length === 0) return
    this.#assign()
    for (let excess = this.prefetching.excess; excess > 0; excess--) {
      const last = this.#waiting.at(-1)
      if (last === undefined || performance.now() - last.givenAt < PATIENCE_MS) return
      this.#waiting.pop()
      this.#handBack(last, 'others run for long')
    }
  }

  #childrenWanted(): number {
    const alone = this.#waiting.filter(({ wantsAlone }) => wantsAlone).length
    return alone + Math.ceil((this.#waiting.length - alone) / this.#options.perChild)
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

  #handBack(execution: PoolExecution, reason: string): void {
    execution.settle({ type: 'unstarted', reason })
  }
}
