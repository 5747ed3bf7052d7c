import { ShortMap } from '../../../support/short-map.ts'
import type { HorseDeath } from './horse-death.ts'
import type { ZygoteNotice } from './messages.ts'
import type { Native } from './native.ts'
import type { Offspring } from './offspring.ts'
import { OomKills } from './oom-kills.ts'
import type { Zygote, ZygoteEvents } from './zygote.ts'

/** Whoever wants to know that one of its own is gone. */
export interface Parent {
  /** Its offspring is dead, or will not be born; it was told so itself already. */
  offspringGone(offspring: Offspring): void
}

export interface RegisterHooks {
  /** Who forks now; undefined while nobody can. */
  zygote(): Zygote | undefined
  forkFailed(message: string): void
  reapFailed(message: string): void
  /** All that a zygote has forked may be gone. */
  lostOne(zygote: Zygote): void
}

/** One whose death was not heard of yet. */
interface Entry {
  readonly offspring: Offspring
  readonly parent: Parent
  /** Who was asked to fork it. */
  zygote: Zygote | undefined
}

const FORK_RETRY_MS = 200
const SIGKILL = 9

/** All that was ordered of zygotes and is not dead yet. What was ordered while there was none waits here for the next. */
export class OffspringRegister {
  readonly #native: Native
  readonly #hooks: RegisterHooks
  /** By number. */
  readonly #entries = new ShortMap<number, Entry>()
  readonly #oomKills = new OomKills()
  #lastNumber = 0

  constructor(native: Native, hooks: RegisterHooks) {
    this.#native = native
    this.#hooks = hooks
  }

  nextNumber(): number {
    return ++this.#lastNumber
  }

  /** Forked now, or as soon as there is a zygote. */
  add(offspring: Offspring, parent: Parent): void {
    const entry = { offspring, parent, zygote: undefined }
    this.#entries.set(offspring.number, entry)
    this.#fork(entry)
  }

  /** There is a zygote. */
  forkWaiting(): void {
    for (const entry of this.#entries.values()) if (entry.zygote === undefined) this.#fork(entry)
  }

  /** It does not die with the zygote that has forked it: its death is somebody else's to hear of. */
  release(offspring: Offspring): void {
    this.#entries.delete(offspring.number)
  }

  zygoteOf(offspring: Offspring): Zygote | undefined {
    return this.#entries.get(offspring.number)?.zygote
  }

  hasAnyOf(zygote: Zygote): boolean {
    for (const entry of this.#entries.values()) if (entry.zygote === zygote) return true
    return false
  }

  /** One that nobody was asked for yet is not wanted any more. */
  cancel(offspring: Offspring, reason: string): void {
    const entry = this.#entries.get(offspring.number)
    if (entry !== undefined && entry.zygote === undefined) this.#giveUp(entry, reason)
  }

  /** SIGKILL to its whole process group. One that no zygote was asked for yet is not born at all. */
  kill(offspring: Offspring): void {
    const entry = this.#entries.get(offspring.number)
    if (entry === undefined) return
    if (entry.zygote !== undefined) entry.zygote.orders.kill(offspring.number)
    else this.cancel(offspring, 'it was killed before it was born')
  }

  /** A zygote has died, and with it all that it has forked. Others are of another zygote, or wait for the next one. */
  buryAllOf(zygote: Zygote, end: string): void {
    for (const entry of this.#entries.values()) {
      if (entry.zygote !== zygote) continue
      const { offspring, parent } = entry
      if (offspring.pid === undefined) {
        this.#giveUp(entry, `its zygote died before the fork: ${end}`)
        continue
      }
      this.#entries.delete(offspring.number)
      // The kernel kills them with their zygote (PR_SET_PDEATHSIG); what they have spawned it does not.
      this.#native.killGroup(offspring.pid, SIGKILL)
      offspring.died({ zygoteEnd: end, oomKillSeen: false })
      parent.offspringGone(offspring)
    }
  }

  giveUpAll(reason: string): void {
    for (const entry of this.#entries.values()) this.#giveUp(entry, reason)
  }

  /** What a zygote tells of those that it forks. */
  readonly notices: Pick<ZygoteEvents, 'forked' | 'forkFailed' | 'exited' | 'reapFailed'> = {
    forked: ({ horse, pid, forkMs }) => this.#entries.get(horse)?.offspring.wasBorn(pid, forkMs),
    forkFailed: (notice) => this.#forkFailed(notice),
    exited: ({ horse, status }) =>
      this.#bury(horse, () => ({ status, oomKillSeen: status.signal === SIGKILL && this.#oomKills.anyNew() })),
    reapFailed: ({ horse, message }) => {
      this.#hooks.reapFailed(message)
      this.#bury(horse, () => ({ unknownEnd: message, oomKillSeen: false }))
    },
  }

  #fork(entry: Entry): void {
    entry.zygote = this.#hooks.zygote()
    entry.zygote?.orders.fork(entry.offspring)
  }

  #forkFailed({ horse, message }: Extract<ZygoteNotice, { type: 'fork-failed' }>): void {
    this.#hooks.forkFailed(message)
    const entry = this.#entries.get(horse)
    if (entry === undefined) return
    entry.zygote = undefined
    setTimeout(() => {
      // Killed meanwhile; or a new zygote was faster.
      if (this.#entries.get(horse) === entry && entry.zygote === undefined) this.#fork(entry)
    }, FORK_RETRY_MS)
  }

  #bury(horse: number, death: () => HorseDeath): void {
    const entry = this.#entries.get(horse)
    if (entry === undefined) return
    const { offspring, parent, zygote } = entry
    this.#entries.delete(horse)
    offspring.died(death())
    parent.offspringGone(offspring)
    if (zygote !== undefined) this.#hooks.lostOne(zygote)
  }

  #giveUp({ offspring, parent }: Entry, reason: string): void {
    this.#entries.delete(offspring.number)
    offspring.giveUp(reason)
    parent.offspringGone(offspring)
  }
}
