import type { ExportAnswer } from './probe-jobs.ts'

/** Something that every fresh process does again, and what can be done about it. */
export interface Candidate {
  readonly function: string
  /** Relative to the working directory; empty for native code that nobody of the application calls. */
  readonly file: string
  readonly line: number
  readonly coldMsPerJob: number
  readonly warmMsPerJob: number
  /** Share of the fresh processes, 0 to 1. */
  readonly presence: number
  /**
   * `hoist`: it is done once in a process and can be done before the fork, by `preload`.
   * `jit`: it is done in every job, and slow while its code is new: `warmUp`.
   */
  readonly kind: 'hoist' | 'jit'
  /** What it opens that must not be carried over a fork, in words. Not empty: do not hoist it as it is. */
  readonly unsafe: readonly string[]
  /** In plain words. */
  readonly advice: string
  /** How to call it from outside, where that was found. */
  readonly call?: ExportAnswer
}

/** Something that looks like a candidate and is none. */
export interface Exclusion {
  readonly function: string
  readonly file: string
  readonly line: number
  readonly coldMsPerJob: number
  readonly reason: string
}

export interface Diagnosis {
  readonly job: string
  readonly coldMsPerJob: number
  readonly warmMsPerJob: number
  /** Best first; empty where there is nothing to hoist. */
  readonly candidates: readonly Candidate[]
}
