import type { Phase } from '../worker/isolation/profiling.ts'

export { PHASES, type Phase } from '../worker/isolation/profiling.ts'

/**
 * Many executions merged into one tree: what flame graphs, exports, the comparison and the doctor work on.
 * It is plain data, and its JSON is the `--format json` of `workhorse profile`.
 *
 * The tree is an array. `nodes[0]` is the root, which stands for everything and has no frame; a parent always comes
 * before its children. Below the root come groups (the phase, and above it the process with `--by-process`),
 * below those stacks, caller above callee.
 */
export interface Profile {
  readonly meta: ProfileMeta
  /** Each place in code once. */
  readonly frames: readonly Frame[]
  readonly nodes: readonly ProfileNode[]
}

/**
 * - `application`: the user's own files; `node_modules`: what they have installed; `node`: `node:` modules and
 *   Workhorse itself as far as it is part of a horse; `native`: V8 and C++ (`url` empty);
 * - `gc`: garbage collection, a child of the stack that it interrupted;
 * - `profiler`: the sampler's own start and stop;
 * - `group`: no code, but a heading: a phase, or a process.
 */
export type FrameCategory = 'application' | 'node_modules' | 'node' | 'native' | 'gc' | 'profiler' | 'group'

export interface Frame {
  /** As V8 names it; `(anonymous)` where it has no name, `(module)` for the top level of a file. */
  readonly function: string
  /**
   * Path, relative to the working directory where it is below it, after source maps; `node:fs` for Node's own;
   * empty for native code and groups.
   */
  readonly file: string
  /** Where the function begins, from 1; 0 where there is no file. */
  readonly line: number
  /** From 1. */
  readonly column?: number
  readonly category: FrameCategory
}

export interface ProfileNode {
  /** Index into `frames`; -1 for the root. */
  readonly frame: number
  /** Index into `nodes`, smaller than this one's own; -1 for the root. */
  readonly parent: number
  /** Absent on the root and on groups above the phase. */
  readonly phase?: Phase
  /** In this frame itself, in the profile's `unit`, over all executions. */
  readonly self: number
  /**
   * With everything below it. Nodes of category `profiler` are children of the root and no part of its total:
   * what measuring cost is shown beside what was measured.
   */
  readonly total: number
  /** Samples that ended in this very node. */
  readonly samples: number
  /** In how many of `meta.executions` it was seen. */
  readonly executions: number
  /** Where two kinds of runs are compared. */
  readonly diff?: NodeDiff
}

/** The same stack in fresh processes and in used ones, each per job, everything below it included. */
export interface NodeDiff {
  readonly coldMs: number
  readonly warmMs: number
  /** Without what is below it. */
  readonly coldSelfMs: number
  readonly warmSelfMs: number
  /**
   * Gone, or nearly gone, when the process is reused, by more than chance explains: could be done once before the fork.
   * In a comparison a node's `self`, `total`, `samples` and `executions` are those of the cold runs; a node with
   * `total` 0 was seen in warm runs only.
   */
  readonly hoistable: boolean
  /** False where the difference is smaller than what repeating the measurement would give: not to be coloured. */
  readonly significant: boolean
}

export interface ProfileMeta {
  readonly title: string
  /** What `self` and `total` count: CPU time, or bytes allocated. */
  readonly unit: 'microseconds' | 'bytes'
  /** Names of the jobs that were profiled, sorted. */
  readonly jobs: readonly string[]
  /** How many executions are in it. */
  readonly executions: number
  /** Executions in the window whose profile did not arrive: killed before they could hand it over. */
  readonly lost: number
  /** Executions in the window that were left alone on purpose (`--every`). */
  readonly skipped: number
  /** Processes that the executions ran in. */
  readonly processes: number
  /** Samples per second. For heap profiles: 0. */
  readonly rateHz: number
  /** What measuring itself cost, in CPU microseconds over all executions; no part of any total. */
  readonly sampler: { readonly startUs: number; readonly stopUs: number }
  /** CPU that the kernel counted for the measured spans, over all executions; 0 where it does not say. */
  readonly cpuUs: number
  /** What a reader is to know of how it was measured; absent where there is nothing to say. */
  readonly remarks?: readonly string[]
  /** When the measuring began, Unix milliseconds. */
  readonly startedAt: number
  /** How long the window was. */
  readonly durationMs: number
  /** In a comparison: how the two sides were measured. `executions` above is that of the cold side. */
  readonly diff?: DiffMeta
}

export interface DiffMeta {
  readonly coldExecutions: number
  readonly warmExecutions: number
  readonly coldMsPerJob: number
  readonly warmMsPerJob: number
  /** Jobs that the process had run before the first one that was measured as warm. */
  readonly warmAfter: number
  /** What the sides are called, where they are not fresh and used processes. */
  readonly sides?: { readonly cold: string; readonly warm: string }
}

/** What measuring cost; shown beside what was measured, and no part of any total. */
export function isProfilerNode(frame: Frame): boolean {
  return frame.category === 'profiler'
}
