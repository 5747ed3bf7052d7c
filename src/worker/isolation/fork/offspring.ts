import type { HorseDeath } from './horse-death.ts'

/** A process that is, or is to be, forked from the zygote: the supervisor's handle of it. */
export interface Offspring {
  readonly number: number
  /** A zygote was asked for it. */
  ordered: boolean
  readonly pid: number | undefined
  /** What it is born with: channel, standard output, standard error; and what makes more than a horse of it. */
  readonly descriptors: readonly number[]
  wasBorn(pid: number, forkMs: number): void
  died(death: HorseDeath): void
  /** It will never be born. */
  giveUp(reason: string): void
}
