import type { NewJob } from '../job/record.ts'

/** A schedule as a broker keeps it. What `spec` and `job` mean is the scheduler's business (src/scheduler). */
export interface ScheduleDefinition {
  /** Unique within the broker. */
  readonly name: string
  /** Of everything that defines it; another one means that the definition has changed. */
  readonly hash: string
  /** JSON text: when it fires. */
  readonly spec: string
  /** JSON text: the job that it enqueues. */
  readonly job: string
  /** When it fires first, in Unix milliseconds; not used where the schedule exists with the same hash. */
  readonly nextAt: number
}

export interface ScheduleRecord extends ScheduleDefinition {
  /** Who defines it: a sync removes only what the same owner defined earlier. */
  readonly owner: string
  /** The tick that fired last, by its own time. */
  readonly lastAt?: number
  /** Id of the job that was given to `scheduleFire` last. */
  readonly lastJobId?: string
}

export interface ScheduleSyncParams {
  readonly owner: string
  readonly definitions: readonly ScheduleDefinition[]
}

/** Names, each sorted. */
export interface ScheduleSync {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

export interface ScheduleFireParams {
  readonly name: string
  readonly hash: string
  /** The `nextAt` that the caller has read. */
  readonly expectedAt: number
  /** The one after. */
  readonly nextAt: number
  /** Without it the tick is passed over. */
  readonly job?: NewJob
}
