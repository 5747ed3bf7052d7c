import type { Phase, PhaseMark, RawProfile } from '../worker/isolation/profiling.ts'
import { samplesOf } from './cpu-samples.ts'
import { CpuWalk } from './cpu-walk.ts'
import { FrameTable } from './frame-table.ts'
import type { Profile, ProfileMeta, ProfileNode } from './profile.ts'
import { StackTrie } from './stack-trie.ts'
import type { CpuProfile, HeapProfile, HeapProfileNode } from './v8.ts'
import { cutToLimit } from './water-level.ts'

export interface MergeOptions {
  /** One tower for each process, instead of one for all. Default false. */
  readonly byProcess?: boolean
  /** 2 where two kinds of runs are compared. Default 1. */
  readonly sides?: 1 | 2
}

/** What has been measured on one side. Times in microseconds. */
export interface SideTotals {
  executions: number
  readonly processes: Set<number>
  startUs: number
  stopUs: number
  /** By phase: CPU as the kernel counted it, and what the samples add up to. */
  readonly cpu: Map<Phase, number>
  readonly sampled: Map<Phase, number>
}

/** One phase of one execution: its CPU time, and where its samples were, with the wall time that each stands for. */
interface Span {
  readonly phase: Phase
  readonly cpu: number
  readonly places: number[]
  readonly weights: number[]
}

const OWN_START = '(profiler) start'
const OWN_STOP = '(profiler) stop'
const ROOT = 0

/**
 * Puts the profiles of many executions into one. Its memory grows with the number of different stacks, not with the
 * number of executions.
 *
 * V8 samples by the wall clock, the kernel counts CPU time for each phase. Where the samples of an execution's phase add
 * up to more than that, the process has waited for a processor, and the longest are cut. What still differs is scaled,
 * at the end and over all executions.
 */
export class ProfileMerge {
  readonly frames = new FrameTable()
  readonly trie: StackTrie
  readonly totals: readonly SideTotals[]
  readonly #byProcess: boolean
  readonly #remarks = new Set<string>()

  constructor({ byProcess = false, sides = 1 }: MergeOptions = {}) {
    this.#byProcess = byProcess
    this.trie = new StackTrie(sides)
    this.totals = Array.from({ length: sides }, emptyTotals)
  }

  /** @param json text of a RawProfile, as a horse has sent it */
  addText(json: string | Buffer, side = 0): void {
    this.add(JSON.parse(json.toString()) as RawProfile, side)
  }

  add(raw: RawProfile, side = 0): void {
    const totals = this.totals[side] as SideTotals
    totals.processes.add(raw.pid)
    totals.startUs += raw.startUs
    totals.stopUs += raw.stopUs
    if (raw.remark !== undefined) this.#remarks.add(raw.remark)
    if (raw.kind === 'heap') return this.#addHeap(raw, side)
    const walk = new CpuWalk(raw.profile as CpuProfile, this.frames, this.trie)
    for (const marks of raw.executions) this.#addExecution(raw, walk, marks, side)
  }

  #addExecution(raw: RawProfile, walk: CpuWalk, marks: readonly PhaseMark[], side: number): void {
    const totals = this.totals[side] as SideTotals
    const spans = marks.slice(0, -1).map(({ phase, cpu }, index): Span => {
      return { phase: phase as Phase, cpu: (marks[index + 1] as PhaseMark).cpu - cpu, places: [], weights: [] }
    })
    walk.beginExecution()
    for (const { node, mark, weight } of samplesOf(walk.profile, marks)) {
      const { phase, places, weights } = spans[mark] as Span
      const place = walk.place(node, this.#phaseNode(phase, raw.pid))
      if (place === undefined) continue
      places.push(place)
      weights.push(weight)
    }
    for (const { phase, cpu, places, weights } of spans) {
      addTo(totals.cpu, phase, cpu)
      for (const [index, weight] of cutToLimit(weights, cpu).entries()) {
        this.trie.add(places[index] as number, weight, 1, side)
        addTo(totals.sampled, phase, weight)
      }
    }
    this.trie.endExecution(side)
    totals.executions++
  }

  #addHeap(raw: RawProfile, side: number): void {
    const totals = this.totals[side] as SideTotals
    const { head } = raw.profile as HeapProfile
    const visit = (node: HeapProfileNode, parent: number): void => {
      const place = this.trie.child(parent, this.frames.intern(node.callFrame))
      if (node.selfSize > 0) this.trie.add(place, node.selfSize, 1, side)
      for (const child of node.children) visit(child, place)
    }
    // V8's own root says nothing; Workhorse's frames above the job's are left in place.
    for (const child of head.children) visit(child, this.#phaseNode('job', raw.pid))
    this.trie.endExecution(side)
    totals.executions += Math.max(1, raw.executions.length)
  }

  #phaseNode(phase: Phase, pid: number): number {
    const top = this.#byProcess ? this.trie.child(ROOT, this.frames.heading(`process ${pid}`, 'group')) : ROOT
    return this.trie.child(top, this.frames.heading(phase, 'group'))
  }

  /** By how much the samples of a phase are scaled to be CPU time. */
  scaleOf(phase: Phase, side = 0): number {
    const { cpu, sampled } = this.totals[side] as SideTotals
    const weight = sampled.get(phase) ?? 0
    return weight > 0 ? (cpu.get(phase) ?? 0) / weight : 0
  }

  /** CPU of the measured spans, microseconds. */
  cpuUs(side = 0): number {
    let sum = 0
    for (const cpu of (this.totals[side] as SideTotals).cpu.values()) sum += cpu
    return sum
  }

  /** The phase of each node; of the root and of processes undefined. */
  phases(): (Phase | undefined)[] {
    const names = new Map(PHASE_NAMES.map((phase) => [this.frames.heading(phase, 'group'), phase]))
    const phases: (Phase | undefined)[] = []
    for (let node = 0; node < this.trie.size; node++) {
      const inherited = node === ROOT ? undefined : phases[this.trie.parents[node] as number]
      phases.push(inherited ?? names.get(this.trie.frames[node] as number))
    }
    return phases
  }

  /**
   * The merged profile.
   * @param folder what paths are made relative to
   * @param decorate adds to a node what only the caller knows; given its index in the trie
   */
  build(meta: ProfileHead, folder = process.cwd(), decorate = (node: ProfileNode, _index: number) => node): Profile {
    const nodes: ProfileNode[] = []
    const phases = this.phases()
    const scaled = meta.unit === 'microseconds'
    for (let node = 0; node < this.trie.size; node++) {
      const phase = phases[node]
      const figures = this.trie.figures(node)
      const scale = scaled && phase ? this.scaleOf(phase) : 1
      nodes.push({
        frame: this.trie.frames[node] as number,
        parent: this.trie.parents[node] as number,
        ...(phase ? { phase } : {}),
        self: figures.self * scale,
        total: figures.total * scale,
        samples: figures.samples,
        executions: figures.executions,
      })
    }
    const { startUs, stopUs, executions, processes } = this.totals[0] as SideTotals
    if (scaled) addSampler(nodes, this.frames, startUs, stopUs, executions)
    const remarks = this.#remarks.size === 0 ? {} : { remarks: [...this.#remarks] }
    const figures = { executions, processes: processes.size, sampler: { startUs, stopUs }, cpuUs: this.cpuUs() }
    return {
      meta: { ...meta, ...figures, ...remarks },
      frames: this.frames.locate(folder),
      nodes: withoutEmpty(withGroupTotals(nodes.map(decorate))),
    }
  }
}

/** What only the one who measured can know. */
export type ProfileHead = Omit<ProfileMeta, 'executions' | 'processes' | 'sampler' | 'cpuUs' | 'remarks'>

const PHASE_NAMES: readonly Phase[] = ['after-fork', 'load', 'job', 'finish', 'exit']

function emptyTotals(): SideTotals {
  return { executions: 0, processes: new Set(), startUs: 0, stopUs: 0, cpu: new Map(), sampled: new Map() }
}

function addTo(sums: Map<Phase, number>, phase: Phase, value: number): void {
  sums.set(phase, (sums.get(phase) ?? 0) + value)
}

/** Beside what was measured, what measuring it cost. */
function addSampler(nodes: ProfileNode[], frames: FrameTable, startUs: number, stopUs: number, executions: number) {
  for (const [text, cost] of [
    [OWN_START, startUs],
    [OWN_STOP, stopUs],
  ] as const) {
    const frame = frames.heading(text, 'profiler')
    if (cost > 0) nodes.push({ frame, parent: ROOT, self: cost, total: cost, samples: 0, executions })
  }
}

/** Phases are scaled one by one, so what stands above them is their sum. */
function withGroupTotals(nodes: readonly ProfileNode[]): ProfileNode[] {
  const totals = nodes.map(({ phase, total }) => (phase === undefined ? 0 : total))
  for (let index = nodes.length - 1; index > 0; index--) {
    const { parent, phase } = nodes[index] as ProfileNode
    const above = nodes[parent] as ProfileNode
    if (above.phase === undefined && (phase !== undefined || totals[index] !== 0)) {
      totals[parent] = (totals[parent] as number) + (totals[index] as number)
    }
  }
  return nodes.map((node, index) =>
    node.phase === undefined && (index === ROOT || node.self === 0)
      ? { ...node, total: totals[index] as number }
      : node,
  )
}

/** Frames that only led to others, and were left out above those. */
function withoutEmpty(nodes: readonly ProfileNode[]): ProfileNode[] {
  const indexes = new Map<number, number>([[-1, -1]])
  const kept: ProfileNode[] = []
  nodes.forEach((node, index) => {
    const weighs = node.total > 0 || (node.diff?.coldMs ?? 0) > 0 || (node.diff?.warmMs ?? 0) > 0
    if (index !== ROOT && !weighs) return
    indexes.set(index, kept.length)
    kept.push({ ...node, parent: indexes.get(node.parent) as number })
  })
  return kept
}
