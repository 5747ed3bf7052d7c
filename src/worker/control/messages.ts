import type { ProfileRequest } from '../isolation/profiling.ts'

/** What is said over a worker's control socket, as frames (isolation/fork/frames.ts). Data only. */
export type ControlRequest =
  | { readonly type: 'describe' }
  /** Profile executions until the window is over, or the one who asked hangs up. */
  | { readonly type: 'profile'; readonly window: ProfileWindow }

export interface ProfileWindow {
  readonly durationMs: number
  readonly request: ProfileRequest
  /** Only jobs of this name. */
  readonly job?: string
  /** Only jobs of this queue. */
  readonly queue?: string
  /** One execution of so many; 1 for all. */
  readonly every: number
}

export type ControlReply =
  | { readonly type: 'worker'; readonly worker: WorkerDescription }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'profiling' }
  /** Body: a RawProfile as JSON text; empty where the execution's profile is lost. */
  | { readonly type: 'execution'; readonly job: string; readonly queue: string }
  | { readonly type: 'profiled'; readonly skipped: number; readonly busyBefore: number }

export interface WorkerDescription {
  readonly name: string
  readonly pid: number
  readonly isolation: string
  /** One of several, and whose. */
  readonly master?: MasterDescription
}

export interface MasterDescription {
  readonly pid: number
  /** Of the crew, where it was given one. */
  readonly name?: string
}
