import type { JobIdentity } from '../../../job/context.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import type { HorseLimits, PoolRole } from '../fork/messages.ts'
import type { GatewayMethod } from '../gateway-method.ts'
import type { ProfileRequest } from '../profiling.ts'
import type { UsageNumbers } from './usage-numbers.ts'

/**
 * Every message between supervisor and pool child: frames (fork/frames.ts) on the child's own stream socket.
 * `execution` is a number that the supervisor gives to each job in a child: there may be several at a time.
 */

/** Supervisor → pool child. */
export type PoolCommand =
  /**
   * Run these: one after another, where jobs do not share the process. Body: the arguments of each as JSON text, one behind
   * the other. `round` is what begin-word.ts says of them.
   */
  | { readonly type: 'run'; readonly round: number; readonly jobs: readonly RunOrder[] }
  /** Send what was measured of the execution so far, and go on without. */
  | { readonly type: 'hand-over' }
  | { readonly type: 'abort'; readonly execution: number; readonly reason: string }
  /** Answer to a `call`. Body as JSON text: the value where `ok`, else a CarriedError. */
  | { readonly type: 'reply'; readonly call: number; readonly ok: boolean }
  /** Run `beforeExit` hooks and leave. Sent only when nothing runs. */
  | { readonly type: 'retire' }

/** One job to run. */
export interface RunOrder {
  readonly execution: number
  readonly job: JobIdentity
  /** Length of its arguments, in characters. */
  readonly args: number
  /** For the kernel to keep, while this job runs. */
  readonly limits?: HorseLimits | undefined
  /** No other job runs in this child meanwhile, though several might. */
  readonly alone?: true | undefined
  /** It is to be measured. Only where jobs do not share the process. */
  readonly profile?: ProfileRequest | undefined
}

/** Pool child → supervisor. */
export type PoolReport =
  /** `afterFork` hooks are done. */
  | {
      readonly type: 'ready'
      readonly usage: UsageNumbers
      readonly jobs: readonly string[]
      readonly schedules: readonly DeclaredSchedule[]
    }
  /** It leaves. Body: the failure as JSON text. */
  | { readonly type: 'start-failed'; readonly stage: StartStage }
  /** Body: the result as JSON text. */
  | ({ readonly type: 'finished' } & EndOfJob)
  /** Body: the failure as JSON text. */
  | ({ readonly type: 'failed' } & EndOfJob)
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

export interface EndOfJob {
  readonly execution: number
  /** How long it ran. */
  readonly ms: number
  /** What the process had used by then. Only where jobs do not share the process. */
  readonly usage?: UsageNumbers | undefined
  /** What it had used when the job began. Where that is absent, the job began when the one before it had ended. */
  readonly usageBefore?: UsageNumbers | undefined
  /** Where its output lies, in the files that the child prints to. Absent where the child has printed nothing since it last told. */
  readonly printed?: PrintedSpan | undefined
}

/** Lengths of the files that a child prints to. */
export type Printed = readonly [stdout: number, stderr: number]

export interface PrintedSpan {
  readonly from: Printed
  readonly to: Printed
}
