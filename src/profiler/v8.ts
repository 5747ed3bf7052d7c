/** V8's profiles, as its inspector hands them out. Only what is read here. */
export interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0; -1 for native code. */
  readonly lineNumber: number
  readonly columnNumber: number
}

export interface CpuProfile {
  readonly nodes: readonly CpuProfileNode[]
  /** CLOCK_MONOTONIC, microseconds. */
  readonly startTime: number
  readonly endTime: number
  /** Node ids: where each sample ended. */
  readonly samples?: readonly number[]
  /** The first from `startTime`, the others from the sample before. May be negative. */
  readonly timeDeltas?: readonly number[]
}

export interface CpuProfileNode {
  readonly id: number
  readonly callFrame: CallFrame
  readonly children?: readonly number[]
}

export interface HeapProfile {
  readonly head: HeapProfileNode
}

export interface HeapProfileNode {
  readonly callFrame: CallFrame
  /** Bytes allocated here and nowhere below. */
  readonly selfSize: number
  readonly children: readonly HeapProfileNode[]
}
