import { readFileSync } from 'node:fs'
import type { ClaimedJob } from '../../../job/record.ts'
import type { ExecutionEnd, ExecutionObserver, Isolation, RunningExecution } from '../isolation.ts'
import type { ExecutionProfiler, ProfileRequest, Profiling } from '../profiling.ts'
import { HorseHandle } from './horse-handle.ts'
import { HAND_OVER_SIGNAL } from './horse-profiler.ts'
import { loadNative } from './load-native.ts'
import type { BootReport, ZygoteNotice } from './messages.ts'
import type { Native } from './native.ts'
import { ZygoteHandle, type ZygoteLaunch } from './zygote-handle.ts'

export interface ForkOptions extends ZygoteLaunch {
  /** Horses forked ahead. */
  readonly standby: number
}

/** What the supervisor's log shows of the machinery. */
export interface ForkEvents {
  zygoteReady(pid: number, report: BootReport): void
  zygoteDied(pid: number, end: string): void
  forkFailed(message: string): void
  zygoteOutput(stream: 'stdout' | 'stderr', text: string): void
  /** The zygote could not be replaced; no job can run any more. */
  broken(error: Error): void
}

const OUTPUT_INTERVAL_MS = 100
const RESTART_DELAYS_MS = [0, 100, 500, 2000, 5000]
const FORK_RETRY_MS = 200
/** How long a horse that is measured may take to hand over before it is killed. */
const HAND_OVER_MS = 1000

/**
 * Fork mode: a zygote, horses forked ahead, and for each job the next of them.
 * A zygote that dies is replaced; jobs that wait for a horse then wait for the new zygote.
 */
export class ForkIsolation implements Isolation, Profiling {
  readonly mode = 'fork'
  readonly #options: ForkOptions
  readonly #events: ForkEvents
  readonly #native: Native
  /** All horses whose death was not heard of yet, by number. */
  readonly #horses = new Map<number, HorseHandle>()
  readonly #standby: HorseHandle[] = []
  readonly #running = new Set<HorseHandle>()
  #lastNumber = 0
  #zygote: ZygoteHandle | undefined
  #zygoteReady = false
  #closing = false
  #outputTimer: NodeJS.Timeout | undefined
  profiler: ExecutionProfiler | undefined
  #oomKills = 0

  constructor(options: ForkOptions, events: ForkEvents) {
    this.#options = options
    this.#events = events
    this.#native = loadNative()
  }

  async start(): Promise<void> {
    this.#oomKills = countOomKills()
    await this.#startZygote()
    this.#fillStandby()
  }

  run(job: ClaimedJob, observer: ExecutionObserver): RunningExecution {
    // Where no horse stands by (or the zygote is being replaced) one is ordered now and gets its job in advance.
    // One that is to be measured is forked for this very job, so that all others are left as they are.
    const { profiler } = this
    const profile = profiler?.request(job)
    const horse = profile ? this.#order(profile) : (this.#standby.shift() ?? this.#order())
    this.#running.add(horse)
    this.#watchOutput()
    if (profile) void horse.profiled.then((raw) => profiler?.collected(job, raw))
    const ended = horse.assign(job, observer).then((end) => this.#ended(horse, end))
    this.#fillStandby()
    return {
      ended,
      abort: (reason) => horse.abort(reason),
      kill: () => this.#kill(horse),
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const horse of this.#running) horse.markKilled()
    await this.#zygote?.close()
    for (const horse of this.#standby.splice(0)) horse.dismiss()
    clearInterval(this.#outputTimer)
  }

  /** @throws Error before `start` */
  get zygotePid(): number {
    const pid = this.#zygote?.pid
    if (pid === undefined) throw new Error('[BUG] asked for the zygote before there was one')
    return pid
  }

  /** Pids of the horses that stand by now, once all of them are born. */
  standbyPids(): Promise<number[]> {
    return Promise.all(this.#standby.map((horse) => horse.whenBorn()))
  }

  async #startZygote(): Promise<void> {
    const zygote: ZygoteHandle = new ZygoteHandle(this.#native, this.#options, {
      forked: (notice) => this.#forked(notice),
      forkFailed: (notice) => this.#forkFailed(notice),
      exited: (notice) => this.#exited(notice),
      died: (end) => this.#zygoteDied(zygote, end),
      output: (stream, text) => this.#events.zygoteOutput(stream, text),
    })
    this.#zygote = zygote
    const report = await zygote.ready()
    this.#zygoteReady = true
    this.#events.zygoteReady(zygote.pid as number, report)
    for (const horse of this.#horses.values()) zygote.fork(horse)
  }

  /** A new horse, forked as soon as there is a zygote. */
  #order(profile?: ProfileRequest): HorseHandle {
    const horse = new HorseHandle(this.#native, ++this.#lastNumber, profile)
    this.#horses.set(horse.number, horse)
    if (this.#zygoteReady) this.#zygote?.fork(horse)
    return horse
  }

  get profiling(): Profiling {
    return this
  }

  #fillStandby(): void {
    if (this.#closing || !this.#zygoteReady) return
    while (this.#standby.length < this.#options.standby) this.#standby.push(this.#order())
  }

  #forked(notice: Extract<ZygoteNotice, { type: 'forked' }>): void {
    this.#horses.get(notice.horse)?.wasBorn(notice.pid, notice.forkMs)
  }

  #forkFailed(notice: Extract<ZygoteNotice, { type: 'fork-failed' }>): void {
    this.#events.forkFailed(notice.message)
    setTimeout(() => {
      const horse = this.#horses.get(notice.horse)
      if (horse !== undefined && this.#zygoteReady) this.#zygote?.fork(horse)
    }, FORK_RETRY_MS)
  }

  #exited(notice: Extract<ZygoteNotice, { type: 'exited' }>): void {
    const horse = this.#horses.get(notice.horse)
    if (horse === undefined) return
    this.#horses.delete(notice.horse)
    const wasStandby = this.#dropStandby(horse)
    horse.died({ status: notice.status, oomKillSeen: notice.status.signal === 9 && this.#oomKillSeen() })
    if (wasStandby) this.#fillStandby()
  }

  /** A standby horse that died before it had a job is nobody's failure. */
  #dropStandby(horse: HorseHandle): boolean {
    const index = this.#standby.indexOf(horse)
    if (index < 0) return false
    this.#standby.splice(index, 1)
    horse.dismiss()
    return true
  }

  #ended(horse: HorseHandle, end: ExecutionEnd): ExecutionEnd {
    this.#running.delete(horse)
    if (this.#running.size === 0) {
      clearInterval(this.#outputTimer)
      this.#outputTimer = undefined
    }
    return end
  }

  #kill(horse: HorseHandle): void {
    horse.markKilled()
    if (horse.profile === undefined || !horse.born) return this.#zygote?.kill(horse.number)
    void this.#handOver(horse).then(() => this.#zygote?.kill(horse.number))
  }

  async handOverProfiles(): Promise<void> {
    const measured = [...this.#running].filter((horse) => horse.profile !== undefined && horse.born)
    await Promise.all(measured.map((horse) => this.#handOver(horse)))
  }

  /** By message where the horse listens, by signal where its event loop is blocked; not for long in any case. */
  async #handOver(horse: HorseHandle): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, HAND_OVER_MS)
    })
    horse.handOver()
    this.#zygote?.kill(horse.number, HAND_OVER_SIGNAL)
    await Promise.race([horse.profiled, late])
    clearTimeout(timer)
  }

  #zygoteDied(zygote: ZygoteHandle, end: string): void {
    if (this.#zygote !== zygote) return
    const wasReady = this.#zygoteReady
    this.#zygoteReady = false
    for (const horse of this.#standby.splice(0)) {
      this.#horses.delete(horse.number)
      horse.dismiss()
    }
    for (const [number, horse] of this.#horses) this.#buryWithZygote(number, horse, end)
    if (this.#closing || !wasReady) return
    this.#events.zygoteDied(zygote.pid as number, end)
    void this.#replaceZygote()
  }

  #buryWithZygote(number: number, horse: HorseHandle, end: string): void {
    // It waits for the next zygote.
    if (!horse.ordered) return
    this.#horses.delete(number)
    if (!horse.born) return horse.giveUp(`its zygote died before the fork: ${end}`)
    // The kernel kills horses with their zygote (PR_SET_PDEATHSIG); what they have spawned it does not.
    if (horse.pid !== undefined) this.#native.killGroup(horse.pid, 9)
    horse.died({ zygoteEnd: end, oomKillSeen: false })
  }

  async #replaceZygote(): Promise<void> {
    let lastError: unknown
    for (const delay of RESTART_DELAYS_MS) {
      await new Promise((resolve) => setTimeout(resolve, delay))
      if (this.#closing) return
      try {
        await this.#startZygote()
        this.#fillStandby()
        return
      } catch (error) {
        lastError = error
      }
    }
    for (const [number, horse] of this.#horses) {
      this.#horses.delete(number)
      horse.giveUp('no zygote could be started')
    }
    this.#events.broken(lastError as Error)
  }

  /** Long jobs show what they print while they run. */
  #watchOutput(): void {
    this.#outputTimer ??= setInterval(() => {
      for (const horse of this.#running) horse.drainOutput()
    }, OUTPUT_INTERVAL_MS)
  }

  #oomKillSeen(): boolean {
    const count = countOomKills()
    const seen = count > this.#oomKills
    this.#oomKills = count
    return seen
  }
}

/** How often the kernel's out-of-memory killer has struck on this machine. */
function countOomKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0)
}
