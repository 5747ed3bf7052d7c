import type {
  Frame,
  FrameCategory,
  NodeDiff,
  Phase,
  Profile,
  ProfileMeta,
  ProfileNode,
} from '../../src/profiler/profile.ts'

/** A frame as tests write it down; `self` in the profile's unit over all executions. */
export interface Sketch {
  readonly name: string
  readonly file?: string
  readonly line?: number
  readonly category?: FrameCategory
  readonly phase?: Phase
  readonly self?: number
  readonly executions?: number
  /** Milliseconds per job; `self` is then ignored. */
  readonly cold?: number
  readonly warm?: number
  readonly hoistable?: boolean
  readonly significant?: boolean
  readonly children?: readonly Sketch[]
}

const META: ProfileMeta = {
  title: 'A profile',
  unit: 'microseconds',
  jobs: ['record_event'],
  executions: 200,
  lost: 0,
  skipped: 0,
  processes: 200,
  rateHz: 1000,
  sampler: { startUs: 0, stopUs: 0 },
  cpuUs: 0,
  startedAt: 0,
  durationMs: 10_000,
}

/** The profile that the sketches describe, with totals summed up. */
export function profileOf(sketches: readonly Sketch[], meta: Partial<ProfileMeta> = {}): Profile {
  const frames: Frame[] = []
  const known = new Map<string, number>()
  const executions = meta.executions ?? META.executions
  const nodes: ProfileNode[] = [{ frame: -1, parent: -1, self: 0, total: 0, samples: 0, executions }]
  const add = (sketch: Sketch, parent: number): number => {
    const { name, file = '', line = 0, category = file === '' ? 'native' : 'application', children = [] } = sketch
    const self = sketch.cold === undefined ? (sketch.self ?? 0) : sketch.cold * 1000 * executions
    const index =
      nodes.push({ frame: frameIndex(frames, known, { function: name, file, line, category }), parent } as never) - 1
    const below = children.reduce((sum, child) => sum + add(child, index), 0)
    nodes[index] = {
      frame: nodes[index]?.frame as number,
      parent,
      self,
      total: self + below,
      samples: Math.round(self / 1000),
      executions: sketch.executions ?? executions,
      ...(sketch.phase && { phase: sketch.phase }),
      ...(meta.diff && { diff: diffOf(sketch, nodes, index) }),
    }
    return self + below
  }
  for (const sketch of sketches) add(sketch, 0)
  const total = nodes.reduce((sum, node) => (node.parent === 0 && isCounted(frames, node) ? sum + node.total : sum), 0)
  nodes[0] = { frame: -1, parent: -1, self: 0, total, samples: 0, executions }
  return { meta: { ...META, cpuUs: meta.unit === 'bytes' ? 0 : total, ...meta }, frames, nodes }
}

function isCounted(frames: readonly Frame[], node: ProfileNode): boolean {
  return frames[node.frame]?.category !== 'profiler'
}

/** Each place once. */
function frameIndex(frames: Frame[], known: Map<string, number>, frame: Frame): number {
  const key = JSON.stringify([frame.function, frame.file, frame.line])
  const index = known.get(key) ?? frames.push(frame) - 1
  known.set(key, index)
  return index
}

function diffOf(sketch: Sketch, nodes: readonly ProfileNode[], index: number): NodeDiff {
  const below = nodes.filter((node) => node.parent === index).map((node) => node.diff as NodeDiff)
  const coldSelfMs = sketch.cold ?? 0
  const warmSelfMs = sketch.warm ?? 0
  return {
    coldSelfMs,
    warmSelfMs,
    coldMs: below.reduce((sum, { coldMs }) => sum + coldMs, coldSelfMs),
    warmMs: below.reduce((sum, { warmMs }) => sum + warmMs, warmSelfMs),
    hoistable: sketch.hoistable ?? false,
    significant: sketch.significant ?? sketch.hoistable ?? false,
  }
}

/** Numbers that look like chance and are the same in every run. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const FILES: Readonly<Record<string, string>> = {
  application: 'src/app',
  node_modules: 'node_modules/orm/lib',
  node: 'node:internal',
}

/** A profile with this many frames, deep and broad as real ones are. */
export function largeProfile(frames: number, maxDepth = 60): Profile {
  const next = random(7)
  let made = 0
  const grow = (budget: number, depth: number): Sketch => {
    const index = made++
    const category = (['application', 'node_modules', 'node', 'native'] as const)[Math.floor(next() * 4)]
    const folder = FILES[category as string]
    const children: Sketch[] = []
    for (let left = budget - 1; left > 0; ) {
      const share = depth >= maxDepth ? 1 : Math.max(1, Math.ceil(left * (0.3 + 0.7 * next())))
      children.push(grow(share, depth + 1))
      left -= share
    }
    return {
      name: `function${index % Math.ceil(frames / 3)}`,
      ...(folder !== undefined && { file: `${folder}/module-${index % 97}.js`, line: 1 + (index % 400) }),
      category: category as FrameCategory,
      self: Math.round(next() ** 4 * 40_000),
      children,
    }
  }
  return profileOf([grow(frames, 0)], { title: `${frames} frames` })
}
