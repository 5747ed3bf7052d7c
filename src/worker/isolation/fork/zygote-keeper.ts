import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import { HeirHandle } from './heir-handle.ts'
import { loadNative } from './load-native.ts'
import type { BootReport } from './messages.ts'
import type { Native } from './native.ts'
import type { Offspring } from './offspring.ts'
import { OffspringRegister, type Parent } from './offspring-register.ts'
import { Succession } from './succession.ts'
import type { Zygote, ZygoteEvents } from './zygote.ts'
import { ZygoteHandle, type ZygoteLaunch } from './zygote-handle.ts'

/** What a log shows of the machinery. */
export interface ZygoteKeeperEvents {
  zygoteReady(pid: number, report: BootReport): void
  zygoteDied(pid: number, end: string): void
  /** Its heir has taken the place of one that died. */
  zygoteSucceeded?(pid: number): void
  /** Another has taken its place; it ends with the last that it has forked. */
  zygoteRetired?(pid: number): void
  forkFailed(message: string): void
  /** How one of its horses has ended is not known: the zygote could not wait for it. */
  reapFailed?(message: string): void
  zygoteOutput(stream: 'stdout' | 'stderr', text: string): void
  /** The zygote could not be replaced; no job can run any more. */
  broken(error: Error): void
}

/** An isolation that has processes forked. */
export interface ZygoteUser extends Parent {
  /** A zygote, perhaps a new one, can fork. */
  zygoteReady(): void
  /** There will be no zygote any more. */
  zygoteLost(): void
}

/** Before the first try to boot another, the second, … */
const RESTART_DELAYS_MS = [0, 100, 500, 2000, 5000]
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
  readonly #register: OffspringRegister
  /** Those that fork no more, and whose offspring still runs. */
  readonly #retiring = new Set<Zygote>()
  #zygote: Zygote | undefined
  #starting: Promise<void> | undefined
  #recycling: Promise<void> | undefined
  #ready = false
  #closing = false
  #lost = false
  #schedules: readonly DeclaredSchedule[] = []
  readonly #succession = new Succession({
    order: () => this.#orderHeir(),
    cancel: (heir) => this.#register.cancel(heir, 'its zygote is being replaced'),
  })
  #samplerWanted: boolean

  /** @throws ForkUnavailableError */
  constructor(launch: ZygoteLaunch, events: ZygoteKeeperEvents) {
    this.#launch = launch
    this.#samplerWanted = launch.sampler ?? false
    this.#events = events
    this.native = loadNative()
    this.#register = new OffspringRegister(this.native, {
      zygote: () => (this.#ready ? this.#zygote : undefined),
      forkFailed: (message) => events.forkFailed(message),
      reapFailed: (message) => events.reapFailed?.(message),
      lostOne: (zygote) => this.#endIfChildless(zygote),
    })
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
    return this.#register.nextNumber()
  }

  /** Forked now, or as soon as there is a zygote. */
  order(offspring: Offspring, parent: Parent): void {
    if (this.#lost) return void setImmediate(() => offspring.giveUp(LOST))
    this.#register.add(offspring, parent)
  }

  /** Whether what is forked from now on is going to be sampled; by later zygotes, too. */
  keepSamplerReady(ready: boolean): void {
    this.#samplerWanted = ready
    if (this.#ready) this.#zygote?.orders.keepSamplerReady(ready)
  }

  /** False for one of a zygote that was replaced since. */
  isCurrent(offspring: Offspring): boolean {
    return this.#register.zygoteOf(offspring) === this.#zygote
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

  #endIfChildless(zygote: Zygote): void {
    if (!this.#retiring.has(zygote) || this.#register.hasAnyOf(zygote)) return
    this.#retiring.delete(zygote)
    void zygote.close()
  }

  /** SIGKILL to its whole process group. One that no zygote was asked for yet is not born at all. */
  kill(offspring: Offspring): void {
    this.#register.kill(offspring)
  }

  /** The last to leave ends the zygote, and with it all that it has forked. */
  async close(user: ZygoteUser): Promise<void> {
    this.#users.delete(user)
    if (this.#users.size > 0) return
    this.#closing = true
    const heirs = this.#succession.dismiss()
    await Promise.all([heirs, ...[this.#zygote, ...this.#retiring].map((zygote) => zygote?.close())])
  }

  async #startZygote(): Promise<void> {
    const zygote = this.#boot()
    this.#zygote = zygote
    const report = await zygote.ready()
    // A recycling may have been faster.
    if (this.#zygote === zygote) this.#takeOver(zygote, report)
  }

  #takeOver(zygote: ZygoteHandle, report: BootReport): void {
    this.#schedules = report.schedules
    if (this.#samplerWanted) zygote.orders.keepSamplerReady(true)
    this.#events.zygoteReady(zygote.pid as number, report)
    this.#crown(zygote)
  }

  #crown(zygote: Zygote): void {
    this.#zygote = zygote
    this.#ready = true
    this.#register.forkWaiting()
    for (const user of this.#users) user.zygoteReady()
    // The last in the line: who waits for a horse waits for nobody else.
    if (this.#launch.heir ?? !this.#launch.witness) this.#succession.begin()
  }

  #orderHeir(): HeirHandle {
    const heir: HeirHandle = new HeirHandle(
      this.native,
      this.nextNumber(),
      this.#eventsOf(() => heir),
    )
    this.order(heir, { offspringGone: (offspring) => this.#succession.gone(offspring) })
    return heir
  }

  #boot(): ZygoteHandle {
    const zygote: ZygoteHandle = new ZygoteHandle(
      this.native,
      this.#launch,
      this.#eventsOf(() => zygote),
    )
    return zygote
  }

  #eventsOf(zygote: () => Zygote): ZygoteEvents {
    return {
      ...this.#register.notices,
      died: (end) => this.#zygoteDied(zygote(), end),
      output: (stream, text) => this.#events.zygoteOutput(stream, text),
    }
  }

  #zygoteDied(zygote: Zygote, end: string): void {
    const isCurrent = this.#zygote === zygote
    const wasReady = this.#ready
    if (isCurrent) this.#ready = false
    this.#retiring.delete(zygote)
    const heir = isCurrent && wasReady && !this.#closing ? this.#succession.take() : undefined
    // The one of its offspring that does not die with it.
    if (heir) this.#register.release(heir)
    this.#register.buryAllOf(zygote, end)
    if (this.#closing || !isCurrent || !wasReady) return
    this.#events.zygoteDied(zygote.pid as number, end)
    if (heir) this.#succeed(heir)
    else void this.#replaceZygote()
  }

  #succeed(heir: HeirHandle): void {
    heir.succeed()
    // It has it as it was at its birth.
    heir.orders.keepSamplerReady(this.#samplerWanted)
    this.#events.zygoteSucceeded?.(heir.pid as number)
    this.#crown(heir)
  }

  async #replaceZygote(): Promise<void> {
    let lastError: unknown
    for (const delay of this.#launch.restartDelaysMs ?? RESTART_DELAYS_MS) {
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
    this.#register.giveUpAll(LOST)
    this.#lost = true
    for (const user of this.#users) user.zygoteLost()
    this.#events.broken(lastError as Error)
  }
}
