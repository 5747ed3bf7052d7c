/**
 * Why an execution failed. `error` is the job's own throw; everything else is a death or a limit,
 * named so that a user need not read signal numbers.
 */
export const FAILURE_KINDS = [
  'error',
  'unknown-job',
  'unreadable-payload',
  'result-not-json',
  'after-fork',
  'timeout',
  'memory-limit',
  'cpu-limit',
  'open-files-limit',
  'output-limit',
  'stopped',
  'exit',
  'signal',
  'out-of-memory',
  'uncaught-exception',
  'unhandled-rejection',
  'loop-empty',
  'zygote-died',
  'isolation',
  'abandoned',
] as const

export type FailureKind = (typeof FAILURE_KINDS)[number]

/** A failure as it is stored with the job and shown to people. All of it is JSON. */
export interface JobFailure {
  readonly kind: FailureKind
  /** Class name of the thrown error, or Workhorse's own error name. */
  readonly name: string
  readonly message: string
  readonly stack?: string
  /** The `code` property of the thrown error, where it has one. */
  readonly code?: string
  readonly cause?: { readonly name: string; readonly message: string; readonly stack?: string }
  /** Exit code of the horse, where it left by one. */
  readonly exitCode?: number
  /** Signal that ended the horse, for example `SIGKILL`. */
  readonly signal?: string
  /** The last of what the job wrote to standard error, where it died without a word of its own. */
  readonly stderrTail?: string
}
