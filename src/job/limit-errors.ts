import { WorkhorseError } from '../errors.ts'
import { formatBytes } from '../support/bytes.ts'
import type { FailureKind, JobFailure } from './failure.ts'

/** An execution reached a limit and was ended for it. One class and one code for each limit. */
export abstract class LimitError extends WorkhorseError {
  abstract readonly kind: FailureKind

  /** As it is stored with the job. */
  toFailure(cause?: JobFailure): JobFailure {
    const { kind, name, message, code } = this
    if (cause === undefined) return { kind, name, message, code }
    const { stack } = cause
    const reason = { name: cause.name, message: cause.message, ...(stack === undefined ? {} : { stack }) }
    return { kind, name, message, code, cause: reason }
  }
}

export class JobTimeoutError extends LimitError {
  readonly kind = 'timeout'
  constructor(message: string) {
    super('WORKHORSE_JOB_TIMEOUT', message)
  }
}

export class MemoryLimitError extends LimitError {
  readonly kind = 'memory-limit'
  constructor(message: string) {
    super('WORKHORSE_MEMORY_LIMIT', message)
  }
}

export class CpuLimitError extends LimitError {
  readonly kind = 'cpu-limit'
  constructor(message: string) {
    super('WORKHORSE_CPU_LIMIT', message)
  }
}

export class OpenFilesLimitError extends LimitError {
  readonly kind = 'open-files-limit'
  constructor(message: string) {
    super('WORKHORSE_OPEN_FILES_LIMIT', message)
  }
}

export class OutputLimitError extends LimitError {
  readonly kind = 'output-limit'
  constructor(message: string) {
    super('WORKHORSE_OUTPUT_LIMIT', message)
  }
}

/** The kernel has killed a process of a job that was at its limit. */
export function outOfMemory(limitBytes: number): MemoryLimitError {
  return new MemoryLimitError(`the job reached its memory limit of ${formatBytes(limitBytes)}; the kernel killed it`)
}
