import type { ClaimedJob } from '../../job/record.ts'

/**
 * What passes between whoever wants executions profiled and the processes that run them. All of it is data.
 * The merged picture of many executions is made above this layer, in src/profiler.
 */

/** How one process is to be measured. */
export interface ProfileRequest {
  /**
   * - `cpu`: V8 samples stacks. `interval`: microseconds between two samples.
   * - `heap`: V8 samples allocations. `interval`: bytes between two samples.
   * - `witness`: every call is counted, and what is opened is noted with its stack. Slow; for few executions.
   */
  readonly kind: 'cpu' | 'heap' | 'witness'
  readonly interval: number
  /**
   * Run the job again and again in this one process. The first `discard` executions only wear the process in,
   * the `measure` after them are what is reported.
   */
  readonly warm?: WarmRequest
  /** Witness only: functions whose arguments are compared with the job's. */
  readonly suspects?: readonly Suspect[]
}

export interface WarmRequest {
  readonly discard: number
  readonly measure: number
  /** Arguments of the measured executions in turn, each JSON text of an array; else the job's own. */
  readonly args?: readonly string[]
}

/** A function, as V8 tells of it: name, url, line from 0. */
export interface Suspect {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/** Where in a function a call was made; lines from 0. */
export interface CallPlace {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** From character, to character, and how often it has run. An inner range counts instead of the outer one. */
export type CountedRange = readonly [start: number, end: number, count: number]

export interface CountedFunction extends Suspect {
  readonly count: number
  readonly endLine: number
  /** The whole function first, then its parts as far as they have run more or less often. */
  readonly ranges: readonly CountedRange[]
}

/** What a witness has seen, over all measured executions. */
export interface WitnessReport {
  readonly calls: readonly CountedFunction[]
  /** What was opened and is still open at the end, or is a matter of chance: in words, with the stack of its opening. */
  readonly opened: readonly { readonly what: string; readonly stack: string }[]
  /** Who called the suspects (by index) when they were first called, over awaits, too: innermost first. */
  readonly callers: readonly { readonly suspect: number; readonly stack: readonly CallPlace[] }[]
  /** Suspects (by index) that were given one of the job's own arguments, and which. */
  readonly given: readonly { readonly suspect: number; readonly value: string }[]
}

/** What a horse was doing: until it has its job, until the handler is entered, in it, telling the result, in `beforeExit`. */
export const PHASES = ['after-fork', 'load', 'job', 'finish', 'exit'] as const
export type Phase = (typeof PHASES)[number]

/** From here on, the process is in this phase. */
export interface PhaseMark {
  readonly phase: Phase | 'end'
  /** CLOCK_MONOTONIC, microseconds: the clock of V8's samples. */
  readonly at: number
  /** CPU of the process so far, microseconds. */
  readonly cpu: number
}

/** What one process has measured, as JSON in the body of its message. */
export interface RawProfile {
  readonly pid: number
  readonly kind: ProfileRequest['kind']
  readonly interval: number
  /** Phases of each execution, in order; each row ends with `end`. Nothing outside of them counts. */
  readonly executions: readonly (readonly PhaseMark[])[]
  /** What a reader is to know of how it was measured, as half a sentence. */
  readonly remark?: string
  /** CPU microseconds that starting and stopping took. */
  readonly startUs: number
  readonly stopUs: number
  /** True where the execution was still going on when it had to hand over. */
  readonly cut?: true
  /** cpu: V8's `Profiler.Profile`. heap: V8's `HeapProfiler.SamplingHeapProfile`. witness: a WitnessReport. */
  readonly profile: unknown
}

/** Of an isolation that can profile executions. */
export interface Profiling {
  /** Why executions cannot be told apart here, as a sentence; undefined where they can. */
  readonly refusal: string | undefined
  /** Asked at each job, where there is one. */
  profiler: ExecutionProfiler | undefined
  /** From now on many executions are going to be sampled, or no longer: for those that can have a sampler ready for that. */
  expectSampling?(expected: boolean): void
  /** Executions that are measured hand over what they have so far, and go on without. Takes a second at most. */
  handOverProfiles(): Promise<void>
}

/** Somebody who wants executions profiled. Asked only while there is one: without, profiling costs nothing. */
export interface ExecutionProfiler {
  /** It wants the CPU of many executions sampled, one soon after the other: having a sampler ready is worth what that costs. */
  readonly samplesMany?: boolean
  /** How this execution is to be measured, or not at all. Asked before its process is forked. */
  request(job: ClaimedJob): ProfileRequest | undefined
  /** What it has measured, as JSON text of a RawProfile; undefined where its process died without a word. */
  collected(job: ClaimedJob, raw: Buffer | undefined): void
}
