import type { ClaimedJob } from '../../../job/record.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import { formatDuration } from '../../../support/duration.ts'
import { ShortSet } from '../../../support/short-map.ts'
import type { MemoryGroups } from '../../cgroup/memory-groups.ts'
import type { ExecutionEnd, ExecutionObserver, Isolation, RunningExecution } from '../isolation.ts'
import type { ExecutionProfiler, ProfileRequest, Profiling } from '../profiling.ts'
import { askToHandOver } from './hand-over.ts'
import { HorseHandle } from './horse-handle.ts'
import { killIfThere } from './kill-if-there.ts'
import type { Offspring } from './offspring.ts'
import { StandbySize } from './standby-size.ts'
import { StartMemory } from './start-memory.ts'
import type { ZygoteLaunch } from './zygote-handle.ts'
import { ZygoteKeeper, type ZygoteKeeperEvents } from './zygote-keeper.ts'

export interface ForkOptions extends ZygoteLaunch {
  /** Horses forked ahead; `auto`: as many as are needed, and never more than there are slots. */
  readonly standby: number | 'auto'
  /** Jobs at the same time; only `auto` has to know. */
  readonly slots?: number
  /** How long `beforeExit` hooks may take. */
  readonly exitGraceMs: number
  /** What keeps memory limits, beside looking; nothing where control groups cannot. */
  readonly memoryGroups?: MemoryGroups | undefined
}

export type ForkEvents = ZygoteKeeperEvents

const LOOK_INTERVAL_MS = 100
const SETTLE_INTERVAL_MS = 10_000

/**
 * Fork mode: horses forked ahead from the zygote, and for each job the next of them.
 * Where the zygote is being replaced, jobs that wait for a horse wait for the new zygote.
 */
export class ForkIsolation implements Isolation, Profiling {
  readonly mode = 'fork'
  readonly #options: ForkOptions
  readonly #keeper: ZygoteKeeper
  readonly #standby: HorseHandle[] = []
  readonly #running = new ShortSet<HorseHandle>()
  #closing = false
  readonly #size: StandbySize
  #starts = new StartMemory()
  #lookTimer: NodeJS.Timeout | undefined
  #settleTimer: NodeJS.Timeout | undefined
  profiler: ExecutionProfiler | undefined
  readonly refusal = undefined

  /** @param zygote one that others use, too; or who is to hear of one of its own. @throws ForkUnavailableError */
  constructor(options: ForkOptions, zygote: ZygoteKeeper | ForkEvents) {
    this.#options = options
    this.#size = new StandbySize(options.standby, options.slots ?? 1)
    this.#keeper = zygote instanceof ZygoteKeeper ? zygote : new ZygoteKeeper(options, zygote)
  }

  start(): Promise<void> {
    return this.#keeper.start(this).then(() => {
      this.#fillStandby()
      if (this.#options.standby !== 'auto' || this.#closing) return
      this.#settleTimer = setInterval(() => this.#settle(), SETTLE_INTERVAL_MS)
      this.#settleTimer.unref()
    })
  }

  run(job: ClaimedJob, observer: ExecutionObserver): RunningExecution {
    // Where no horse stands by (or the zygote is being replaced) one is ordered now and gets its job in advance.
    // One that is to be measured is forked for this very job, so that all others are left as they are.
    const { profiler } = this
    const profile = profiler?.request(job)
    const horse = profile ? this.#order(profile) : this.#take()
    if (profile) void horse.profiled.then((raw) => profiler?.collected(job, raw))
    this.#running.add(horse)
    this.#watch()
    const ended = horse.assign(job, observer, this.#starts).then((end) => this.#ended(horse, end))
    this.#fillStandby()
    return {
      ended,
      abort: (reason) => horse.abort(reason),
      kill: () => this.#kill(horse),
      measure: () => horse.measure(),
      hasSettled: () => horse.settledAt !== undefined,
    }
  }

  recycle(): Promise<void> {
    return this.#keeper.recycle()
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const horse of this.#running.values()) this.#kill(horse)
    await this.#keeper.close(this)
    for (const horse of this.#standby.splice(0)) horse.dismiss()
    clearInterval(this.#lookTimer)
    clearInterval(this.#settleTimer)
  }

  resize(slots: number): void {
    this.#size.most = slots
    this.#fillStandby()
  }

  get schedules(): readonly DeclaredSchedule[] {
    return this.#keeper.schedules
  }

  /** @throws Error before `start` */
  get zygotePid(): number {
    return this.#keeper.pid
  }

  /** Pids of the horses that stand by now, once all of them are born. */
  standbyPids(): Promise<number[]> {
    return Promise.all(this.#standby.map((horse) => horse.whenBorn()))
  }

  /** Horses of an earlier zygote have an earlier application: they get no job any more. */
  zygoteReady(): void {
    this.#starts = new StartMemory()
    const horses = this.#standby.splice(0)
    for (const horse of horses) {
      if (this.#keeper.isCurrent(horse)) this.#standby.push(horse)
      else horse.dismiss()
    }
    this.#fillStandby()
  }

  offspringGone(offspring: Offspring): void {
    const index = this.#standby.findIndex(({ number }) => number === offspring.number)
    if (index < 0) return
    // A standby horse that died before it had a job is nobody's failure.
    for (const horse of this.#standby.splice(index, 1)) horse.dismiss()
    this.#fillStandby()
  }

  /** Jobs that wait for a horse were handed back by it. */
  zygoteLost(): void {}

  #order(profile?: ProfileRequest): HorseHandle {
    const horse = new HorseHandle(this.#keeper.native, this.#keeper.nextNumber(), profile, this.#options.memoryGroups)
    this.#keeper.order(horse, this)
    return horse
  }

  /** A horse that stands by. Those that were ordered and not born yet are in the line, too, but make the job wait. */
  #take(): HorseHandle {
    const horse = this.#standby.shift()
    let ready = 0
    for (const { born } of this.#standby) if (born) ready++
    this.#size.took(horse?.born ? ready : -1)
    return horse ?? this.#order()
  }

  /** Lets those go that nobody has needed for a while. */
  #settle(): void {
    this.#size.settle()
    while (this.#standby.length > this.#size.wanted && this.#standby.at(-1)?.born) this.#standby.pop()?.dismiss()
  }

  #fillStandby(): void {
    if (this.#closing || !this.#keeper.ready) return
    while (this.#standby.length < this.#size.wanted) this.#standby.push(this.#order())
  }

  #ended(horse: HorseHandle, end: ExecutionEnd): ExecutionEnd {
    this.#running.delete(horse)
    if (this.#running.size === 0) {
      clearInterval(this.#lookTimer)
      this.#lookTimer = undefined
    }
    return end
  }

  get profiling(): Profiling {
    return this
  }

  expectSampling(expected: boolean): void {
    this.#keeper.keepSamplerReady(expected)
  }

  async handOverProfiles(): Promise<void> {
    await Promise.all(
      this.#running
        .values()
        .filter((horse) => horse.isProfiled)
        .map(askToHandOver),
    )
  }

  #kill(horse: HorseHandle): void {
    horse.markKilled()
    if (horse.isProfiled) void askToHandOver(horse).then(() => this.#end(horse))
    else this.#end(horse)
  }

  #end(horse: HorseHandle): void {
    // First those that the horse has started: afterwards nobody could tell whose they were.
    for (const pid of horse.descendants()) killIfThere(pid)
    this.#keeper.kill(horse)
  }

  /** Long jobs show what they print while they run; hooks that hang when the job has ended are not waited for. */
  #watch(): void {
    this.#lookTimer ??= setInterval(() => {
      const now = performance.now()
      for (const horse of this.#running.values()) {
        horse.drainOutput()
        if (horse.settledAt !== undefined && now - horse.settledAt > this.#options.exitGraceMs) this.#cutShort(horse)
      }
    }, LOOK_INTERVAL_MS)
  }

  #cutShort(horse: HorseHandle): void {
    if (horse.isKilled) return
    const late = formatDuration(this.#options.exitGraceMs)
    horse.tell(`its beforeExit hooks had not ended ${late} after the job; its process is killed, its outcome stays`)
    this.#kill(horse)
  }
}
