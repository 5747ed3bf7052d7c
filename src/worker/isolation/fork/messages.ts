import type { JobIdentity } from '../../../job/context.ts'
import type { JobFailure } from '../../../job/failure.ts'
import type { DeclaredSchedule } from '../../../scheduler/declarations.ts'
import type { GatewayMethod } from '../gateway-method.ts'
import type { ProfileRequest } from '../profiling.ts'
import type { ForkInspection } from './inspection.ts'
import type { ResidentMemory, WaitResult } from './native.ts'

/**
 * Every message between supervisor, zygote and horse. They are data: no function, no class, no handle.
 * Both ends come from one installation; the version in `boot` and `ready` catches an upgrade under a running worker.
 *
 * Three ways, each in its own direction:
 * - supervisor → zygote: packets on the command socket, which can carry descriptors;
 * - zygote → supervisor: frames on the notice pipe;
 * - supervisor ↔ horse: frames on the horse's own channel, a stream socket pair.
 */
export const PROTOCOL = 3

/** Supervisor → zygote. */
export type ZygoteCommand =
  | { readonly type: 'boot'; readonly protocol: number; readonly options: ZygoteOptions }
  /**
   * Carries three descriptors: the horse's channel, its standard output, its standard error.
   * A fourth makes more than a plain horse of it: a file with its Role as JSON text. For an heir the first is its command
   * socket, and a fifth its notice pipe.
   */
  | { readonly type: 'fork'; readonly horse: number }
  /** Kill the horse's whole process group. */
  | { readonly type: 'kill'; readonly horse: number }
  /** To an heir: it is the zygote from now on. */
  | { readonly type: 'succeed' }
  /** Horses that are forked from now on are going to be sampled; or not any more. */
  | { readonly type: 'sampler'; readonly ready: boolean }

/** What is to become of a forked process. */
export type Role = { readonly pool: PoolRole } | { readonly profile: ProfileRequest } | { readonly heir: true }

/** A horse that does not leave: what a pool child has to know at its birth. */
export interface PoolRole {
  /** Jobs that it runs at the same time. */
  readonly perChild: number
}

export interface ZygoteOptions {
  /** Absolute paths of the job modules. */
  readonly modules: readonly string[]
  /** Turn the loaded memory into a file-backed image, so that fork need not copy its page tables. */
  readonly freeze: boolean
  /** For benchmarks: keep this much live heap, as a large application would. */
  readonly ballastMb: number
  /** Its horses are to be witnessed: look at what native modules open. Slows them. */
  readonly witness?: boolean
  /** Its horses are to be sampled: make the sampler ready before the fork. */
  readonly sampler?: boolean
  /** A trial: tell what preload leaves open, by `inspected`, and leave. */
  readonly inspect?: boolean
}

/** Zygote → supervisor. */
export type ZygoteNotice =
  | { readonly type: 'ready'; readonly protocol: number; readonly report: BootReport }
  | { readonly type: 'boot-failed'; readonly stage: string; readonly failure: JobFailure }
  | { readonly type: 'inspected'; readonly inspection: ForkInspection }
  | { readonly type: 'refused'; readonly leftovers: readonly string[] }
  | { readonly type: 'forked'; readonly horse: number; readonly pid: number; readonly forkMs: number }
  | { readonly type: 'fork-failed'; readonly horse: number; readonly message: string; readonly code: string }
  /** It is gone, and its exit status with it: somebody else in the zygote has waited for it. */
  | { readonly type: 'reap-failed'; readonly horse: number; readonly pid: number; readonly message: string }
  | { readonly type: 'exited'; readonly horse: number; readonly pid: number; readonly status: WaitResult }

export interface BootReport {
  readonly jobs: readonly string[]
  readonly schedules: readonly DeclaredSchedule[]
  readonly loadMs: number
  readonly warmUpMs: number
  readonly freezeMs: number
  readonly frozenBytes: number
  readonly rssBytes: number
  readonly warnings: readonly string[]
}

/** What the kernel keeps for us, once the horse has asked it to. */
export interface HorseLimits {
  readonly cpuMs?: number
  /** Descriptors beside those that it has when it gets its job. */
  readonly openFiles?: number
}

/** Supervisor → horse. */
export type HorseCommand =
  /** Body: the arguments as JSON text. */
  | {
      readonly type: 'run'
      readonly job: JobIdentity
      /** For `ps`. Made by the supervisor, for every bit that a horse does itself it does in fresh memory. */
      readonly title: string
      readonly limits?: HorseLimits
      /** It is to say what it begins with, by `began`. One that has run `afterFork` hooks does so unasked. */
      readonly asksStart?: true
    }
  | { readonly type: 'abort'; readonly reason: string }
  /** A horse that is profiled sends what it has so far, and goes on without. */
  | { readonly type: 'hand-over' }
  /** Answer to a `call`. Body as JSON text: the value where `ok`, else a CarriedError. */
  | { readonly type: 'reply'; readonly call: number; readonly ok: boolean }

/**
 * Horse → supervisor. `sharedBytes`: what of its resident memory belongs to files, when it ends (see HorseMeter). Absent
 * where it has next to no memory of its own, `null` where it could not look.
 */
export type HorseReport =
  /** Before its job runs. */
  | { readonly type: 'began'; readonly memory: ResidentMemory }
  /** Body: the result as JSON text. The last word of a horse, as is `failed`. */
  | { readonly type: 'finished'; readonly sharedBytes?: number | null }
  /** Body: the failure as JSON text. */
  | { readonly type: 'failed'; readonly sharedBytes?: number | null }
  /** A question to the job gateway. Body: its arguments as a JSON array. */
  | { readonly type: 'call'; readonly call: number; readonly method: GatewayMethod }
  | { readonly type: 'update'; readonly meta?: string; readonly progress?: number }
  | { readonly type: 'log'; readonly message: string }
  /** A horse that is measured can be asked to hand over, by signal as well, from now on. */
  | { readonly type: 'measuring' }
  /** Body: a RawProfile as JSON text. */
  | { readonly type: 'profile' }
