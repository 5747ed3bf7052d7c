/** Work of one function that every fresh process does, and a used one does not. */
export interface Repeat {
  /** The function's number in the frame table. */
  readonly frame: number
  /** Where in the trie it stands, topmost first. */
  readonly nodes: readonly number[]
  readonly coldMs: number
  readonly warmMs: number
  /** Share of the fresh processes, 0 to 1. */
  readonly presence: number
  /** What it opens that must not be carried over a fork. */
  readonly unsafe: readonly string[]
  /** The unsafe function that it is a part of. */
  readonly within: number | undefined
  /** The nearest caller with a file, for native code. */
  readonly caller: number | undefined
  /** It is given some of the job's arguments, though it makes the same of all of them: it cannot be called without. */
  readonly needsArguments?: boolean
}
