import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import type { HorseDeath } from './horse-death.ts'
import { loadNative } from './load-native.ts'
import type { BootReport, ZygoteNotice } from './messages.ts'
import type { Native } from './native.ts'
import type { Offspring } from './offspring.ts'
import { OomKills } from './oom-kills.ts'
import { ZygoteHandle, type ZygoteLaunch } from './zygote-handle.ts'

/** What a log shows of the machinery. */
export interface ZygoteKeeperEvents {
  zygoteReady(pid: number, report: BootReport): void
  zygoteDied(pid: number, end: string): void
  /** Another has taken its place; it ends with the last that it has forked. */
  zygoteRetired?(pid: number): void
  forkFailed(message: string): void
  /** How one of its horses has ended is not known: the zygote could not wait for it. */
  reapFailed?(message: string): void
  zygoteOutput(stream: 'stdout' | 'stderr', text: string): void
  /** The zygote could not be replaced; no job can run any more. */
  broken(error: Error): void
}

/** One whose death was not heard of yet. */
interface Entry {
  readonly offspring: Offspring
  readonly user: ZygoteUser
  /** Who was asked to fork it. */
  zygote: ZygoteHandle | undefined
}

/** An isolation that has processes forked. */
export interface ZygoteUser {
  /** A zygote, perhaps a new one, can fork. */
  zygoteReady(): void
  /** Its offspring is dead, or will not be born; it was told so itself already. */
  offspringGone(offspring: Offspring): void
  /** There will be no zygote any more. */
  zygoteLost(): void
}

const RESTART_DELAYS_MS = [0, 100, 500, 2000, 5000]
const FORK_RETRY_MS = 200
const LOST = 'no zygote could be started'

/**
 * Sees to it that there is a zygote: boots one, replaces one that dies, passes its notices on to those that it has
 * forked. What was ordered while there was none is forked as soon as there is one. Isolations share it: it is booted
 * for the first of its users and ended with the last.
 */
export class ZygoteKeeper {
  readonly native: Native
  readonly #launch: ZygoteLaunch
  readonly #events: ZygoteKeeperEvents
  readonly #users = new Set<ZygoteUser>()
  /** All whose death was not heard of yet, by number. */
  readonly #offspring = new Map<number, Entry>()
  /** Those that fork no more, and whose offspring still runs. */
  readonly #retiring = new Set<ZygoteHandle>()
  #lastNumber = 0
  #zygote: ZygoteHandle | undefined
  #starting: Promise<void> | undefined
  #recycling: Promise<void> | undefined
  #ready = false
  #closing = false
  #lost = false
  #schedules: readonly DeclaredSchedule[] = []
  #samplerWanted = false
  readonly #oomKills = new OomKills()

  /** @throws ForkUnavailableError */
  constructor(launch: ZygoteLaunch, events: ZygoteKeeperEvents) {
    this.#launch = launch
    this.#events = events
    this.native = loadNative()
  }

  /** @throws Error before `start` */
  get pid(): number {
    const pid = this.#zygote?.pid
    if (pid === undefined) throw new Error('[BUG] asked for the zygote before there was one')
    return pid
  }

  /** Of the zygote that booted last. */
  get schedules(): readonly DeclaredSchedule[] {
    return this.#schedules
  }

  /** The last of its users has left: it will not boot another. */
  get closed(): boolean {
    return this.#closing
  }

  get ready(): boolean {
    return this.#ready && !this.#closing
  }

  /** Resolves when it can fork. @throws ZygoteBootError */
  start(user: ZygoteUser): Promise<void> {
    this.#users.add(user)
    this.#starting ??= this.#startZygote()
    return this.#starting
  }

  nextNumber(): number {
    return ++this.#lastNumber
  }

  /** Forked now, or as soon as there is a zygote. */
  order(offspring: Offspring, user: ZygoteUser): void {
    if (this.#lost) return void setImmediate(() => offspring.giveUp(LOST))
    const entry = { offspring, user, zygote: undefined }
    this.#offspring.set(offspring.number, entry)
    if (this.#ready) this.#fork(entry)
  }

  /** Whether what is forked from now on is going to be sampled; by later zygotes, too. */
  keepSamplerReady(ready: boolean): void {
    this.#samplerWanted = ready
    if (this.#ready) this.#zygote?.keepSamplerReady(ready)
  }

  /** False for one of a zygote that was replaced since. */
  isCurrent(offspring: Offspring): boolean {
    return this.#offspring.get(offspring.number)?.zygote === this.#zygote
  }

  /**
   * Boots another zygote, which loads the application anew, while this one goes on forking; then this one retires.
   * Where the new one does not come up, this one stays. Concurrent calls share one boot.
   * @throws ZygoteBootError
   */
  recycle(): Promise<void> {
    this.#recycling ??= this.#recycle().finally(() => {
      this.#recycling = undefined
    })
    return this.#recycling
  }

  async #recycle(): Promise<void> {
    const old = this.#zygote
    // One that is being replaced anyway loads what is there now.
    if (old === undefined || !this.ready) return
    const next = this.#boot()
    const report = await next.ready()
    if (this.#closing) return next.close()
    this.#retiring.add(old)
    // It may have died meanwhile, and another may be booting in its place.
    if (this.#zygote !== undefined && this.#zygote !== old) this.#retiring.add(this.#zygote)
    this.#takeOver(next, report)
    for (const zygote of [...this.#retiring]) {
      this.#events.zygoteRetired?.(zygote.pid as number)
      this.#endIfChildless(zygote)
    }
  }

  #endIfChildless(zygote: ZygoteHandle): void {
    if (!this.#retiring.has(zygote)) return
    for (const entry of this.#offspring.values()) if (entry.zygote === zygote) return
    this.#retiring.delete(zygote)
    void zygote.close()
  }

  /** SIGKILL to its whole process group. One that no zygote was asked for yet is not born at all. */
  kill(offspring: Offspring): void {
    const entry = this.#offspring.get(offspring.number)
    if (entry === undefined) return
    if (entry.zygote !== undefined) return entry.zygote.kill(offspring.number)
    this.#offspring.delete(offspring.number)
    offspring.giveUp('it was killed before it was born')
    entry.user.offspringGone(offspring)
  }

  /** The last to leave ends the zygote, and with it all that it has forked. */
  async close(user: ZygoteUser): Promise<void> {
    this.#users.delete(user)
    if (this.#users.size > 0) return
    this.#closing = true
    await Promise.all([this.#zygote, ...this.#retiring].map((zygote) => zygote?.close()))
  }

  async #startZygote(): Promise<void> {
    const zygote = this.#boot()
    this.#zygote = zygote
    const report = await zygote.ready()
    // A recycling may have been faster.
    if (this.#zygote === zygote) this.#takeOver(zygote, report)
  }

  #takeOver(zygote: ZygoteHandle, report: BootReport): void {
    this.#zygote = zygote
    this.#ready = true
    this.#schedules = report.schedules
    if (this.#samplerWanted) zygote.keepSamplerReady(true)
    this.#events.zygoteReady(zygote.pid as number, report)
    for (const entry of this.#offspring.values()) if (entry.zygote === undefined) this.#fork(entry)
    for (const user of this.#users) user.zygoteReady()
  }

  #fork(entry: Entry): void {
    entry.zygote = this.#zygote
    this.#zygote?.fork(entry.offspring)
  }

  #boot(): ZygoteHandle {
    const zygote: ZygoteHandle = new ZygoteHandle(this.native, this.#launch, {
      forked: (notice) => this.#offspring.get(notice.horse)?.offspring.wasBorn(notice.pid, notice.forkMs),
      forkFailed: (notice) => this.#forkFailed(notice),
      exited: (notice) => this.#exited(notice),
      reapFailed: (notice) => this.#reapFailed(notice),
      died: (end) => this.#zygoteDied(zygote, end),
      output: (stream, text) => this.#events.zygoteOutput(stream, text),
    })
    return zygote
  }

  #forkFailed(notice: Extract<ZygoteNotice, { type: 'fork-failed' }>): void {
    this.#events.forkFailed(notice.message)
    const entry = this.#offspring.get(notice.horse)
    if (entry === undefined) return
    entry.zygote = undefined
    setTimeout(() => {
      // Killed meanwhile; or a new zygote was faster.
      if (this.#offspring.get(notice.horse) !== entry || entry.zygote !== undefined) return
      if (this.#ready) this.#fork(entry)
    }, FORK_RETRY_MS)
  }

  #exited({ horse, status }: Extract<ZygoteNotice, { type: 'exited' }>): void {
    this.#bury(horse, () => ({ status, oomKillSeen: status.signal === 9 && this.#oomKills.anyNew() }))
  }

  #reapFailed({ horse, message }: Extract<ZygoteNotice, { type: 'reap-failed' }>): void {
    this.#events.reapFailed?.(message)
    this.#bury(horse, () => ({ unknownEnd: message, oomKillSeen: false }))
  }

  #bury(horse: number, death: () => HorseDeath): void {
    const entry = this.#offspring.get(horse)
    if (entry === undefined) return
    this.#offspring.delete(horse)
    entry.offspring.died(death())
    entry.user.offspringGone(entry.offspring)
    if (entry.zygote !== undefined) this.#endIfChildless(entry.zygote)
  }

  #zygoteDied(zygote: ZygoteHandle, end: string): void {
    const isCurrent = this.#zygote === zygote
    const wasReady = this.#ready
    if (isCurrent) this.#ready = false
    this.#retiring.delete(zygote)
    for (const { offspring, user, zygote: owner } of this.#offspring.values()) {
      // Others are of another zygote, or wait for the next one.
      if (owner !== zygote) continue
      this.#offspring.delete(offspring.number)
      this.#buryWithZygote(offspring, end)
      user.offspringGone(offspring)
    }
    if (this.#closing || !isCurrent || !wasReady) return
    this.#events.zygoteDied(zygote.pid as number, end)
    void this.#replaceZygote()
  }

  #buryWithZygote(offspring: Offspring, end: string): void {
    if (offspring.pid === undefined) return offspring.giveUp(`its zygote died before the fork: ${end}`)
    // The kernel kills them with their zygote (PR_SET_PDEATHSIG); what they have spawned it does not.
    this.native.killGroup(offspring.pid, 9)
    offspring.died({ zygoteEnd: end, oomKillSeen: false })
  }

  async #replaceZygote(): Promise<void> {
    let lastError: unknown
    for (const delay of RESTART_DELAYS_MS) {
      await new Promise((resolve) => setTimeout(resolve, delay))
      // A recycling may have been faster.
      if (this.#closing || this.#ready) return
      try {
        await this.#startZygote()
        return
      } catch (error) {
        lastError = error
      }
    }
    if (this.#closing || this.#ready) return
    for (const { offspring, user } of this.#offspring.values()) {
      this.#offspring.delete(offspring.number)
      offspring.giveUp(LOST)
      user.offspringGone(offspring)
    }
    this.#lost = true
    for (const user of this.#users) user.zygoteLost()
    this.#events.broken(lastError as Error)
  }
}
