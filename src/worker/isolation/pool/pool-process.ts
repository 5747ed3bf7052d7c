import type { Frame } from '../fork/frames.ts'
import type { ExplainableDeath } from '../fork/horse-death.ts'
import type { OutputFile } from '../fork/output-file.ts'
import type { BeginWord } from './begin-word.ts'
import type { PoolCommand, PoolReport } from './messages.ts'

/** A pool child's process as the supervisor has it, however it was started. */
export interface PoolProcess {
  readonly pid: number | undefined
  /** It begins with memory that it shares with the zygote. */
  readonly inheritsMemory: boolean
  /** Where it can be told not to begin what it was given. */
  readonly begins?: BeginWord
  readonly stdout: OutputFile
  readonly stderr: OutputFile
  send(command: PoolCommand, body?: string): void
  /** SIGKILL to its whole process group. */
  kill(): void
  /** Let go of one that will not be heard of any more. */
  dismiss(): void
}

export interface PoolProcessEvents {
  born(pid: number): void
  report(frame: Frame<PoolReport>): void
  /** It is dead, and all that it had said is heard. */
  died(death: ExplainableDeath): void
  /** It will never be born. */
  unborn(reason: string): void
}

/** Where pool children come from. */
export interface Nursery {
  /** Its children can be told not to begin what they were given. */
  readonly canTakeBack: boolean
  /** Get ready to launch. @param onLost no more children can come from here; others are told why */
  start(onLost: () => void): Promise<void>
  launch(events: PoolProcessEvents): PoolProcess
  /** Where children share what was loaded once, load it anew. @throws ZygoteBootError */
  recycle(): Promise<void>
  /** The children have been told to leave, or are to be ended with it. */
  close(): Promise<void>
}
