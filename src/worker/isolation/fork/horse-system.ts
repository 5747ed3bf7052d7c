import { type HookName, hasHooks } from '../../../job/hooks.ts'
import type { Native } from './native.ts'

/** What a horse asks of the operating system. A rehearsal in the zygote puts harmless stand-ins here. */
export type HorseSystem = Pick<
  Native,
  | 'duplicate'
  | 'exit'
  | 'listDescriptors'
  | 'onLoopEmpty'
  | 'residentMemory'
  | 'setBlocking'
  | 'setLimit'
  | 'setParentDeathSignal'
  | 'setProcessGroup'
  | 'setProcessName'
> & {
  parentPid(): number
  hasHooks(name: HookName): boolean
  /** Renews what is cached about the process: pid, random numbers. */
  renewIdentity(): void
}

/** The real thing, as a horse has it. */
export function createSystem(native: Native, renewIdentity: () => void): HorseSystem {
  return {
    duplicate: native.duplicate,
    exit: native.exit,
    hasHooks,
    listDescriptors: native.listDescriptors,
    onLoopEmpty: native.onLoopEmpty,
    parentPid: () => process.ppid,
    renewIdentity,
    residentMemory: native.residentMemory,
    setBlocking: native.setBlocking,
    setLimit: native.setLimit,
    setParentDeathSignal: native.setParentDeathSignal,
    setProcessGroup: native.setProcessGroup,
    setProcessName: native.setProcessName,
  }
}
