import type { JobFailure } from '../../job/failure.ts'
import {
  CpuLimitError,
  type LimitError,
  MemoryLimitError,
  OpenFilesLimitError,
  OutputLimitError,
} from '../../job/limit-errors.ts'
import type { JobLimits } from '../../job/limits.ts'
import { formatBytes } from '../../support/bytes.ts'
import { formatDuration } from '../../support/duration.ts'
import type { Measurement } from '../isolation/isolation.ts'

/** Often enough that a job cannot go far beyond a limit, seldom enough that nobody notices the looking. */
const INTERVAL_MS = 50

/** An execution that has limits which somebody must watch. */
export interface Watched {
  readonly limits: JobLimits
  /** Undefined before its process is born, and after it has ended. */
  measure(): Measurement | undefined
  breached(error: LimitError): void
}

/** Looks at what running jobs use, from outside their processes, and tells of those beyond a limit. One timer for all. */
export class LimitWatch {
  readonly #watched = new Set<Watched>()
  #timer: NodeJS.Timeout | undefined

  add(watched: Watched): void {
    this.#watched.add(watched)
    this.#timer ??= setInterval(() => this.#look(), INTERVAL_MS)
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched)
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    for (const watched of this.#watched) {
      const measurement = watched.measure()
      const error = measurement && findBreach(watched.limits, measurement)
      if (error !== undefined) watched.breached(error)
    }
  }
}

/** True where looking from outside is what keeps the limits. */
export function needsWatch(limits: JobLimits | undefined): limits is JobLimits {
  if (limits === undefined) return false
  return limits.memoryBytes !== undefined || limits.cpuMs !== undefined || limits.outputBytes !== undefined
}

/** True where somebody outside of the job's process has to keep a limit, the kernel included. */
export function needsOwnProcess(limits: JobLimits | undefined): boolean {
  return limits?.openFiles !== undefined || needsWatch(limits)
}

/** The limit that was passed, if any. */
export function findBreach(limits: JobLimits, measured: Measurement): LimitError | undefined {
  const { memoryBytes, cpuMs, outputBytes } = limits
  if (memoryBytes !== undefined && measured.memoryBytes > memoryBytes) {
    const seen = `${formatBytes(measured.memoryBytes)} more than it was born with`
    return new MemoryLimitError(
      `the job used ${seen}, and its memory limit is ${formatBytes(memoryBytes)}; it was killed`,
    )
  }
  if (cpuMs !== undefined && measured.cpuMs > cpuMs) {
    const seen = formatDuration(measured.cpuMs)
    return new CpuLimitError(
      `the job used ${seen} of CPU time, and its limit is ${formatDuration(cpuMs)}; it was killed`,
    )
  }
  if (outputBytes !== undefined && measured.outputBytes > outputBytes) {
    const seen = formatBytes(measured.outputBytes)
    return new OutputLimitError(
      `the job printed ${seen}, and its output limit is ${formatBytes(outputBytes)}; it was killed`,
    )
  }
  return undefined
}

/** A limit that shows as an error inside the job: the kernel refuses, and the job throws what it got. */
export function explainRefusal(limits: JobLimits | undefined, failure: JobFailure): JobFailure {
  if (limits?.openFiles === undefined || failure.code !== 'EMFILE') return failure
  const message = `the job had ${limits.openFiles} descriptors open beside those it was born with, which is its limit`
  return new OpenFilesLimitError(message).toFailure(failure)
}
