import type { FlagName, FlagValues } from './flags.ts'

/** For `count`: as many as one likes. */
export const MANY = Number.POSITIVE_INFINITY

/** What a verb was called with, checked. */
export interface Invocation<F extends FlagName = never> {
  readonly flags: FlagValues<F>
  readonly positionals: readonly string[]
}

/** One row of the command table. */
export interface Command<F extends FlagName = FlagName> {
  /** `worker`, or `jobs list` for one of several below a noun. */
  readonly name: string
  readonly summary: string
  /** As usage shows them, for example `NAME [JSON…]`. */
  readonly arguments?: string
  /** How many arguments it takes. None by default. */
  readonly count?: { readonly least: number; readonly most: number }
  readonly flags: readonly F[]
  /** More help, one line each. */
  readonly notes?: readonly string[]
  /** Whole command lines. */
  readonly examples?: readonly string[]
  /** The implementation, imported when it is called for; resolves to the exit code. */
  readonly run: (invocation: Invocation<F>) => Promise<number>
}

/** Types a row: `run` is given the flags that the row lists, and no other. */
export function defineCommand<const F extends FlagName>(command: Command<F>): Command {
  return command as unknown as Command
}
