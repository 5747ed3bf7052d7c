import type { CurrentJob } from '../../../job/context.ts'
import { type HookName, hasHooks } from '../../../job/hooks.ts'
import type { ExecutionResult } from '../../execute-job.ts'
import type { PhaseMark } from '../profiling.ts'
import type { Native } from './native.ts'

/** What measures a horse, as its life goes on. See horse-profiler.ts. */
export interface HorseMeasurement {
  mark(phase: PhaseMark['phase']): void
  execute(current: CurrentJob, args: string): Promise<ExecutionResult>
  /** Stop, and send what there is. @param cut the execution is still going on */
  handOver(cut: boolean): void
}

/** What a horse asks of the operating system. A rehearsal in the zygote puts harmless stand-ins here. */
export type HorseSystem = Pick<
  Native,
  | 'becomeOwnProcess'
  | 'exit'
  | 'fileSize'
  | 'listDescriptors'
  | 'mapShared'
  | 'noteMemory'
  | 'onInterruptSignal'
  | 'onLoopEmpty'
  | 'receiveFrame'
  | 'residentMemory'
  | 'sendFrame'
  | 'setLimit'
  | 'sharedMemory'
  | 'watchReadable'
> & {
  hasHooks(name: HookName): boolean
  /** As setImmediate; cheaper the first time. */
  nextTurn(callback: () => void): void
  /** Renews what is cached about the process: pid, random numbers. */
  renewIdentity(): void
  /** Only in a horse that is measured. */
  readonly profiler?: HorseMeasurement
}

/** The real thing, as a horse has it. */
export function createSystem(
  native: Native,
  renewIdentity: () => void,
  nextTurn: HorseSystem['nextTurn'],
): HorseSystem {
  return {
    becomeOwnProcess: native.becomeOwnProcess,
    exit: native.exit,
    fileSize: native.fileSize,
    hasHooks,
    listDescriptors: native.listDescriptors,
    mapShared: native.mapShared,
    noteMemory: native.noteMemory,
    nextTurn,
    onInterruptSignal: native.onInterruptSignal,
    onLoopEmpty: native.onLoopEmpty,
    renewIdentity,
    receiveFrame: native.receiveFrame,
    residentMemory: native.residentMemory,
    sendFrame: native.sendFrame,
    setLimit: native.setLimit,
    sharedMemory: native.sharedMemory,
    watchReadable: native.watchReadable,
  }
}
