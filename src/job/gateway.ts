import type { JobRecord, JobResultEntry, NewJob } from './record.ts'
import type { JobState } from './states.ts'

/**
 * What job definitions and handles need of the outside world. Producers and supervisors have it over a broker;
 * a horse, which must hold no broker connection, has it over its pipe to the supervisor.
 */
export interface JobGateway {
  /** Resolves to the ids of unique jobs that were there already. */
  enqueue(jobs: readonly NewJob[]): Promise<{ readonly duplicates: readonly string[] }>
  /** See `handle.cancel`. */
  cancel(id: string, options?: { readonly enqueueDependents?: boolean }): Promise<JobState>
  /** See `handle.stop`. */
  stop(id: string, graceMs: number): Promise<JobState>
  requeue(id: string): Promise<void>
  delete(id: string): Promise<void>
  results(id: string): Promise<JobResultEntry[]>
  /** Ids of a group's jobs. */
  groupFetch(name: string): Promise<string[]>
  groupDelete(name: string): Promise<void>
  fetch(id: string): Promise<JobRecord | undefined>
  /** The job when it has ended, or as it is when `timeoutMs` is over; undefined when it is gone. */
  wait(id: string, timeoutMs: number | undefined): Promise<JobRecord | undefined>
}
