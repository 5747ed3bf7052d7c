import { readFileSync } from 'node:fs'
import type { ClaimedJob } from '../../../job/record.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import type { ExecutionEnd, ExecutionObserver, Isolation, RunningExecution } from '../isolation.ts'
import { HorseHandle } from './horse-handle.ts'
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

/**
 * Fork mode: a zygote, horses forked ahead, and for each job the next of them.
 * A zygote that dies is replaced; jobs that wait for a horse then wait for the new zygote.
 */
export class ForkIsolation implements Isolation {
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
  #schedules: readonly DeclaredSchedule[] = []
  #closing = false
  #outputTimer: NodeJS.Timeout | undefined
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
    const horse = this.#standby.shift() ?? this.#order()
    this.#running.add(horse)
    this.#watchOutput()
    const ended = horse.assign(job, observer).then((end) => this.#ended(horse, end))
    this.#fillStandby()
    return {
      ended,
      abort: (reason) => horse.abort(reason),
      kill: () => this.#kill(horse),
      measure: () => horse.measure(),
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const horse of this.#running) horse.markKilled()
    await this.#zygote?.close()
    for (const horse of this.#standby.splice(0)) horse.dismiss()
    clearInterval(this.#outputTimer)
  }

  get schedules(): readonly DeclaredSchedule[] {
    return this.#schedules
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
    this.#schedules = report.schedules
    this.#events.zygoteReady(zygote.pid as number, report)
    for (const horse of this.#horses.values()) zygote.fork(horse)
  }

  /** A new horse, forked as soon as there is a zygote. */
  #order(): HorseHandle {
    const horse = new HorseHandle(this.#native, ++this.#lastNumber)
    this.#horses.set(horse.number, horse)
    if (this.#zygoteReady) this.#zygote?.fork(horse)
    return horse
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
    // First those that the horse has started: afterwards nobody could tell whose they were.
    for (const pid of horse.descendants()) killIfThere(pid)
    this.#zygote?.kill(horse.number)
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

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has ended meanwhile, or has become somebody else's by a setuid program.
    const { code } = error as { code?: string }
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

/** How often the kernel's out-of-memory killer has struck on this machine. */
function countOomKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0)
}
