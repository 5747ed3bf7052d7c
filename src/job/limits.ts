import { UsageError } from '../errors.ts'
import { type ByteSize, parseBytes } from '../support/bytes.ts'
import { defined } from '../support/defined.ts'
import { type Duration, parseDuration, show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'

/**
 * What one execution may use, beside its time (`timeout`). Kept from outside the job's process, so that a blocked event
 * loop obeys, too. An execution that passes a limit is killed with all that it has started, and has failed.
 */
export interface LimitOptions {
  /**
   * Memory of its own, together with its child processes: what it has allocated since it got the job, not what it has
   * inherited from the zygote. For example `'512MB'`. Default: none.
   */
  readonly memory?: ByteSize
  /** CPU time, user and system, with the child processes it has waited for. For example `'30s'`. Default: none. */
  readonly cpu?: Duration
  /** Descriptors that it may have open beside those it was born with. Beyond it, opening fails with EMFILE. Default: none. */
  readonly openFiles?: number
  /** What it may print, standard output and standard error together. Default: none. */
  readonly output?: ByteSize
  /** How long it may go on after its signal has aborted at its timeout. Default: the worker's `grace`. */
  readonly grace?: Duration
}

/** Limits as they travel with a job. What is absent is not limited. */
export interface JobLimits {
  readonly memoryBytes?: number
  readonly cpuMs?: number
  readonly openFiles?: number
  readonly outputBytes?: number
  readonly graceMs?: number
}

const NAMES = ['memory', 'cpu', 'openFiles', 'output', 'grace'] as const

/** @param job names the job in messages. @throws UsageError naming the option and the value */
export function resolveLimits(job: string, options: LimitOptions): JobLimits {
  const what = `${job}: option limits`
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new UsageError(`${what}: expected an object such as { memory: '512MB', cpu: '30s' }, got ${show(options)}`)
  }
  assertKnownOptions(options, NAMES, what)
  const { memory, cpu, openFiles, output, grace } = options
  return Object.freeze(
    defined({
      memoryBytes: memory === undefined ? undefined : positive(parseBytes(memory, `${what}.memory`), `${what}.memory`),
      cpuMs: cpu === undefined ? undefined : positive(parseDuration(cpu, `${what}.cpu`), `${what}.cpu`),
      openFiles: openFiles === undefined ? undefined : wholeCount(openFiles, `${what}.openFiles`),
      outputBytes: output === undefined ? undefined : parseBytes(output, `${what}.output`),
      graceMs: grace === undefined ? undefined : parseDuration(grace, `${what}.grace`),
    }),
  )
}

function positive(value: number, what: string): number {
  if (value > 0) return value
  throw new UsageError(`${what}: 0 leaves nothing to run with; leave it out for no limit`)
}

function wholeCount(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 1) return value
  throw new UsageError(`${what}: expected a whole number of at least 1, got ${show(value)}`)
}
