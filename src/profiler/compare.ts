import type { ProfileHead, ProfileMerge } from './merge.ts'
import type { DiffMeta, NodeDiff, Profile } from './profile.ts'
import type { NodeFigures } from './stack-trie.ts'

export const COLD = 0
export const WARM = 1

/** What is left in a warm process of something that counts as gone. */
const GONE_SHARE = 0.05
/** Differences of so many standard errors are not chance. */
const STANDARD_ERRORS = 2.5

/** One figure of one side, per job. */
export interface PerJob {
  readonly ms: number
  /** Variance of the mean. */
  readonly variance: number
  /** Executions that came here, and all. */
  readonly seen: number
  readonly executions: number
}

/** Mean over executions, those that never came here counted as zero. */
export function perJob(figures: NodeFigures, executions: number, scale: number): PerJob {
  const { total, totalSquares, executions: seen } = figures
  if (executions === 0) return { ms: 0, variance: 0, seen, executions }
  const mean = total / executions
  const spread = Math.max(0, totalSquares / executions - mean * mean)
  const toMs = scale / 1000
  return { ms: mean * toMs, variance: (spread / executions) * toMs * toMs, seen, executions }
}

/**
 * True where measuring again would hardly make the difference vanish: of the times, or else of how many executions came
 * there at all. Where the machine stood still for once, the times of one execution spoil the mean of all.
 */
export function isSignificant(cold: PerJob, warm: PerJob): boolean {
  return Math.abs(cold.ms - warm.ms) > STANDARD_ERRORS * Math.sqrt(cold.variance + warm.variance) || isThere(cold, warm)
}

/** By the pooled standard error of two shares. */
function isThere(cold: PerJob, warm: PerJob): boolean {
  if (cold.executions === 0 || warm.executions === 0) return false
  const pooled = (cold.seen + warm.seen) / (cold.executions + warm.executions)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / cold.executions + 1 / warm.executions))
  return cold.seen / cold.executions - warm.seen / warm.executions > STANDARD_ERRORS * error
}

/** Several places of one function, or of one kind of work, as if they were one. */
export function together(figures: readonly PerJob[], executions: number): PerJob {
  return {
    ms: sum(figures.map(({ ms }) => ms)),
    variance: sum(figures.map(({ variance }) => variance)),
    seen: Math.max(0, ...figures.map(({ seen }) => seen)),
    executions,
  }
}

/** Reads the two sides of a merge, per job and in CPU milliseconds. */
export class Comparison {
  readonly merge: ProfileMerge
  readonly #phases: ReturnType<ProfileMerge['phases']>

  constructor(merge: ProfileMerge) {
    this.merge = merge
    this.#phases = merge.phases()
  }

  get phases(): ReturnType<ProfileMerge['phases']> {
    return this.#phases
  }

  executions(side: number): number {
    return this.merge.totals[side]?.executions ?? 0
  }

  msPerJob(side: number): number {
    return this.executions(side) === 0 ? 0 : this.merge.cpuUs(side) / 1000 / this.executions(side)
  }

  of(node: number, side: number): PerJob {
    return perJob(this.merge.trie.figures(node, side), this.executions(side), this.#scale(node, side))
  }

  selfMs(node: number, side: number): number {
    const executions = this.executions(side)
    if (executions === 0) return 0
    return (this.merge.trie.figures(node, side).self * this.#scale(node, side)) / executions / 1000
  }

  /** The headings below which the job's own stacks are. */
  jobNodes(): number[] {
    const { parents } = this.merge.trie
    const isTop = (node: number): boolean => this.#phases[parents[node] as number] === undefined
    return this.#phases.flatMap((phase, node) => (phase === 'job' && isTop(node) ? [node] : []))
  }

  /** Of all places where a function stands in the job's stacks, cold and warm; what stands below itself counts once. */
  frameMs(frame: number): readonly [cold: number, warm: number] {
    const { trie } = this.merge
    const visit = (node: number): [number, number] => {
      if (trie.frames[node] === frame) return [this.of(node, COLD).ms, this.of(node, WARM).ms]
      const below = trie.children(node).map(visit)
      return [sum(below.map(([cold]) => cold)), sum(below.map(([, warm]) => warm))]
    }
    const all = this.jobNodes().map(visit)
    return [sum(all.map(([cold]) => cold)), sum(all.map(([, warm]) => warm))]
  }

  /** The nearest caller with a file of the application's or of a package's. */
  caller(node: number): number | undefined {
    const { trie, frames } = this.merge
    for (let at = trie.parents[node] as number; at > 0; at = trie.parents[at] as number) {
      const frame = trie.frames[at] as number
      const category = frames.category(frame)
      if (category === 'application' || category === 'node_modules') return frame
    }
    return undefined
  }

  diff(node: number): NodeDiff {
    const cold = this.of(node, COLD)
    const warm = this.of(node, WARM)
    const significant = isSignificant(cold, warm)
    return {
      coldMs: cold.ms,
      warmMs: warm.ms,
      coldSelfMs: this.selfMs(node, COLD),
      warmSelfMs: this.selfMs(node, WARM),
      significant,
      hoistable: significant && warm.ms <= cold.ms * GONE_SHARE,
    }
  }

  #scale(node: number, side: number): number {
    const phase = this.#phases[node]
    return phase === undefined ? 0 : this.merge.scaleOf(phase, side)
  }

  /** The comparison as a profile; widths are those of the cold runs. */
  build(
    head: Omit<ProfileHead, 'diff'>,
    warmAfter: number,
    folder = process.cwd(),
    sides?: DiffMeta['sides'],
  ): Profile {
    const profile = this.merge.build(head, folder, (node, index) =>
      node.phase === undefined ? node : { ...node, diff: this.diff(index) },
    )
    const meta = {
      ...profile.meta,
      diff: {
        coldExecutions: this.executions(COLD),
        warmExecutions: this.executions(WARM),
        coldMsPerJob: this.msPerJob(COLD),
        warmMsPerJob: this.msPerJob(WARM),
        warmAfter,
        ...(sides === undefined ? {} : { sides }),
      },
    }
    return { ...profile, meta }
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
