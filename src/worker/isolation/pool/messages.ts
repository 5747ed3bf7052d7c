import type { JobIdentity } from '../../../job/context.ts'
import type { ProcessUsage } from '../../../job/record.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import type { HorseLimits, PoolRole } from '../fork/messages.ts'
import type { GatewayMethod } from '../gateway-method.ts'
import type { ProfileRequest } from '../profiling.ts'

/**
 * Every message between supervisor and pool child: frames (fork/frames.ts) on the child's own stream socket.
 * `execution` is a number that the supervisor gives to each job in a child: there may be several at a time.
 */

/** Supervisor → pool child. */
export type PoolCommand =
  /** Body: the arguments as JSON text. */
  | {
      readonly type: 'run'
      readonly execution: number
      readonly job: JobIdentity
      /** For the kernel to keep, while this job runs. */
      readonly limits?: HorseLimits
      /** No other job runs in this child meanwhile, though several might. */
      readonly alone?: true
      /** It is to be measured. Only where jobs do not share the process. */
      readonly profile?: ProfileRequest
    }
  /** Send what was measured of the execution so far, and go on without. */
  | { readonly type: 'hand-over' }
  | { readonly type: 'abort'; readonly execution: number; readonly reason: string }
  /** Answer to a `call`. Body as JSON text: the value where `ok`, else a CarriedError. */
  | { readonly type: 'reply'; readonly call: number; readonly ok: boolean }
  /** Run `beforeExit` hooks and leave. Sent only when nothing runs. */
  | { readonly type: 'retire' }

/** Pool child → supervisor. */
export type PoolReport =
  /** `afterFork` hooks are done. */
  | {
      readonly type: 'ready'
      readonly usage: ProcessUsage
      readonly jobs: readonly string[]
      readonly schedules: readonly DeclaredSchedule[]
    }
  /** It leaves. Body: the failure as JSON text. */
  | { readonly type: 'start-failed'; readonly stage: StartStage }
  /** Body: the result as JSON text. */
  | { readonly type: 'finished'; readonly execution: number; readonly usage?: UsageSpan }
  /** Body: the failure as JSON text. */
  | { readonly type: 'failed'; readonly execution: number; readonly usage?: UsageSpan }
  /**
   * Something that ends the whole process, which leaves right after this. Body: the failure as JSON text.
   * Without `execution` it is not known which job did it, if any.
   */
  | { readonly type: 'dying'; readonly execution?: number }
  /** It measures an execution and can be asked to hand over, also by signal where `heedsSignal`. */
  | { readonly type: 'measuring'; readonly heedsSignal: boolean }
  /** Body: a RawProfile as JSON text. */
  | { readonly type: 'profile'; readonly execution: number }
  /** A question to the job gateway. Body: its arguments as a JSON array. */
  | { readonly type: 'call'; readonly call: number; readonly method: GatewayMethod }
  | { readonly type: 'update'; readonly execution: number; readonly meta?: string; readonly progress?: number }
  | { readonly type: 'log'; readonly execution: number; readonly message: string }
  /** Body: what a job has printed, where several share the process. */
  | { readonly type: 'output'; readonly execution: number; readonly stream: 'stdout' | 'stderr' }
  /** Something to tell that is no job's. */
  | { readonly type: 'notice'; readonly message: string }

export type StartStage = 'loading the job modules' | 'preload' | 'warmUp' | 'afterFork'

/** What a spawned child is told on its command line; a forked one has it from its zygote. */
export interface SpawnOrder {
  readonly protocol: number
  /** Absolute paths of the job modules. */
  readonly modules: readonly string[]
  readonly role: PoolRole
  readonly supervisorPid: number
}

/** What the process had used when the job began, and when it ended. Only where jobs do not share the process. */
export interface UsageSpan {
  readonly before: ProcessUsage
  readonly after: ProcessUsage
}
