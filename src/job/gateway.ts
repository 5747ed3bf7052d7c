import type { JobRecord, NewJob } from './record.ts'

/**
 * What job definitions and handles need of the outside world. Producers and supervisors have it over a broker;
 * a horse, which must hold no broker connection, has it over its pipe to the supervisor.
 */
export interface JobGateway {
  enqueue(jobs: readonly NewJob[]): Promise<void>
  fetch(id: string): Promise<JobRecord | undefined>
  /** The job when it has ended, or as it is when `timeoutMs` is over; undefined when it is gone. */
  wait(id: string, timeoutMs: number | undefined): Promise<JobRecord | undefined>
}
