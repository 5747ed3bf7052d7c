import { UsageError } from '../errors.ts'
import { nearest } from '../support/did-you-mean.ts'
import { singleton } from '../support/singleton.ts'
import type { ResolvedEnqueueOptions } from './options.ts'

export type Handler = (...args: never[]) => unknown

/** A defined job as the process that runs it needs it. */
export interface RegisteredJob {
  readonly name: string
  readonly options: ResolvedEnqueueOptions
  readonly handler: Handler
  /** `file:line:column` of the definition, to tell two definitions of one name apart. */
  readonly site: string
  /** Made of a callback function: people did not name it, and need not see it in lists. */
  readonly hidden?: true
}

const jobs = singleton('registry', () => new Map<string, RegisteredJob>())

/** @throws UsageError where another place has defined a job of this name */
export function registerJob(job: RegisteredJob): void {
  const other = jobs.get(job.name)
  // The same module loaded twice (by two loaders, or again after a change) may define its jobs again.
  if (other && other.site !== job.site) {
    throw new UsageError(`job '${job.name}' is defined twice, at ${other.site} and at ${job.site}; rename one of them`)
  }
  jobs.set(job.name, job)
}

export function findJob(name: string): RegisteredJob | undefined {
  return jobs.get(name)
}

export function forgetJob(name: string): void {
  jobs.delete(name)
}

/** Without those made of callback functions. */
export function listJobs(): RegisteredJob[] {
  return [...jobs.values()].filter((job) => job.hidden !== true)
}

/** Why a name is not a job here, as a sentence. */
export function explainUnknownJob(name: string): string {
  const names = listJobs().map((job) => job.name)
  if (names.length === 0) return `job '${name}' is not defined: no job is; is the jobs file the right one?`
  const near = nearest(name, names)
  return `job '${name}' is not defined${near ? `; did you mean '${near}'?` : '.'} Defined are ${names.join(', ')}`
}
