import { gunzipSync } from 'node:zlib'
import { Profile as Pprof } from 'pprof-format'
import { describe, expect, it } from 'vitest'
import { toCpuProfile } from '../../src/profiler/export/cpuprofile.ts'
import { toFolded } from '../../src/profiler/export/folded.ts'
import { EXTENSIONS, formatOfFile, PROFILE_FORMATS } from '../../src/profiler/export/format-names.ts'
import { exportProfile } from '../../src/profiler/export/formats.ts'
import { frameLabel } from '../../src/profiler/export/label.ts'
import { toPprof } from '../../src/profiler/export/pprof.ts'
import { toSpeedscope } from '../../src/profiler/export/speedscope.ts'
import type { Frame, Profile } from '../../src/profiler/profile.ts'
import { profileOf } from '../support/flame-profiles.ts'
import { redashProfile } from '../support/flame-redash.ts'

const HOSTILE = profileOf([
  {
    name: 'job',
    phase: 'job',
    category: 'group',
    children: [
      { name: 'with;semicolon', file: 'src/a;b.ts', line: 1, self: 300 },
      { name: 'with\nline\r\nend', self: 200 },
      { name: 'שלום 👩‍👩‍👧‍👦 "quoted" \\ 42', file: 'node:fs', line: 7, category: 'node', self: 100 },
    ],
  },
])
const HEAP = profileOf([{ name: 'grow', file: 'src/grow.ts', line: 3, self: 2 ** 33 }], { unit: 'bytes', rateHz: 0 })
const EMPTY = profileOf([], { executions: 0, processes: 0 })
const PROFILES = { redash: redashProfile(), hostile: HOSTILE, heap: HEAP, empty: EMPTY }

type Name = (frame: Frame) => string

/** What a stack weighs, by its names from the root on; what measuring cost is in no export. */
function stacksOf({ frames, nodes }: Profile, name: Name = (frame) => frame.function): Record<string, number> {
  const stacks: Record<string, number> = {}
  for (const node of nodes) {
    const path: Frame[] = []
    for (let at = node; at.frame >= 0; at = nodes[at.parent] as typeof at) path.unshift(frames[at.frame] as Frame)
    if (node.self > 0 && path[0]?.category !== 'profiler') add(stacks, path.map(name).join('>'), node.self)
  }
  return stacks
}

function add(stacks: Record<string, number>, stack: string, weight: number): void {
  stacks[stack] = (stacks[stack] ?? 0) + weight
}

describe.each(Object.entries(PROFILES))('%s as speedscope', (_, profile) => {
  interface File {
    readonly $schema: string
    readonly exporter: string
    readonly shared: { readonly frames: readonly Record<string, unknown>[] }
    readonly profiles: readonly {
      readonly type: string
      readonly name: string
      readonly unit: string
      readonly startValue: number
      readonly endValue: number
      readonly samples: readonly (readonly number[])[]
      readonly weights: readonly number[]
    }[]
  }
  const file = JSON.parse(toSpeedscope(profile)) as File

  it('has what the schema requires, and nothing that it does not know', () => {
    expect(file).toEqual({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      name: expect.any(String),
      exporter: expect.stringMatching(/^workhorse@\d/),
      activeProfileIndex: 0,
      shared: { frames: expect.any(Array) },
      profiles: [
        {
          type: 'sampled',
          name: expect.any(String),
          unit: expect.stringMatching(/^(none|nanoseconds|microseconds|milliseconds|seconds|bytes)$/),
          startValue: 0,
          endValue: expect.any(Number),
          samples: expect.any(Array),
          weights: expect.any(Array),
        },
      ],
    })
    const kinds = { name: 'string', file: 'string', line: 'number', col: 'number' }
    for (const frame of file.shared.frames) {
      expect(frame).toHaveProperty('name')
      for (const [key, value] of Object.entries(frame)) expect(typeof value).toBe(kinds[key as keyof typeof kinds])
    }
  })

  it('has the weight of each stack', () => {
    const [{ samples, weights, endValue } = { samples: [], weights: [], endValue: Number.NaN }] = file.profiles
    const stacks: Record<string, number> = {}
    samples.forEach((sample, index) => {
      add(stacks, sample.map((frame) => file.shared.frames[frame]?.['name']).join('>'), weights[index] as number)
    })
    expect(weights).toHaveLength(samples.length)
    expect(stacks).toEqual(stacksOf(profile))
    expect(endValue).toBe(profile.nodes[0]?.total)
  })
})

describe.each(Object.entries(PROFILES))('%s as .cpuprofile', (_, profile) => {
  interface Node {
    readonly id: number
    readonly callFrame: Record<'functionName' | 'scriptId' | 'url' | 'lineNumber' | 'columnNumber', string | number>
    readonly hitCount: number
    readonly children?: readonly number[]
  }
  interface File {
    readonly nodes: readonly Node[]
    readonly startTime: number
    readonly endTime: number
    readonly samples: readonly number[]
    readonly timeDeltas: readonly number[]
  }
  const file = JSON.parse(toCpuProfile(profile, '/app')) as File
  const parents = new Map(file.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))

  it('has the fields that V8 writes, in one tree', () => {
    expect(Object.keys(file).sort()).toEqual(['endTime', 'nodes', 'samples', 'startTime', 'timeDeltas'])
    for (const { id, hitCount, callFrame } of file.nodes) {
      expect([typeof id, typeof hitCount]).toEqual(['number', 'number'])
      expect(callFrame).toEqual({
        functionName: expect.any(String),
        scriptId: expect.any(String),
        url: expect.any(String),
        lineNumber: expect.any(Number),
        columnNumber: expect.any(Number),
      })
    }
    expect(file.nodes[0]?.callFrame['functionName']).toBe('(root)')
    expect(new Set(file.nodes.map(({ id }) => id)).size).toBe(file.nodes.length)
    expect(parents.size).toBe(file.nodes.length - 1)
  })

  it('has the weight of each stack as the time until the next sample', () => {
    const byId = new Map(file.nodes.map((node) => [node.id, node]))
    const stacks: Record<string, number> = {}
    let now = file.startTime
    const begins = file.timeDeltas.map((delta) => {
      now += delta
      return now
    })
    file.samples.forEach((sample, index) => {
      const path: (string | number | undefined)[] = []
      for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
        path.unshift(byId.get(id)?.callFrame['functionName'])
      }
      add(stacks, path.slice(1).join('>'), (begins[index + 1] ?? file.endTime) - (begins[index] as number))
    })
    expect(file.timeDeltas).toHaveLength(file.samples.length)
    expect(stacks).toEqual(
      stacksOf(profile, ({ function: name }) => (name === '(garbage collector)' ? 'garbage collection' : name)),
    )
  })

  it('has no names that readers move elsewhere: they take them for stacks of their own', () => {
    const names = file.nodes.slice(1).map(({ callFrame }) => callFrame['functionName'])
    expect(names).not.toContain('(garbage collector)')
    expect(names).not.toContain('(program)')
  })
})

it('a .cpuprofile counts lines and columns from 0, and files are URLs', () => {
  const [, , first] = (JSON.parse(toCpuProfile(HOSTILE, '/app')) as { nodes: { callFrame: object }[] }).nodes
  expect(first?.callFrame).toMatchObject({ url: 'file:///app/src/a;b.ts', lineNumber: 0, columnNumber: -1 })
  const [, , , , last] = (JSON.parse(toCpuProfile(HOSTILE, '/app')) as { nodes: { callFrame: object }[] }).nodes
  expect(last?.callFrame).toMatchObject({ url: 'node:fs', lineNumber: 6 })
})

describe.each(Object.entries(PROFILES))('%s as folded stacks', (_, profile) => {
  it('has a line with a whole number for each stack', () => {
    const stacks: Record<string, number> = {}
    for (const line of toFolded(profile).split('\n').slice(0, -1)) {
      const [, stack = '', weight] = /^(\S.*) (\d+)$/.exec(line) ?? []
      add(stacks, stack.replaceAll(';', '>'), Number(weight))
    }
    expect(stacks).toEqual(stacksOf(profile, (frame) => frameLabel(frame).replace(/[;\r\n]/g, ',')))
  })
})

describe.each(Object.entries(PROFILES))('%s as pprof', (_, profile) => {
  const decoded = Pprof.decode(gunzipSync(toPprof(profile)))
  const text = (index: number | bigint) => decoded.stringTable.strings[Number(index)]
  const isHeap = profile.meta.unit === 'bytes'

  it('is read by a reader of that format', () => {
    expect(text(0)).toBe('')
    expect(decoded.sampleType.map(({ type, unit }) => [text(type), text(unit)])).toEqual([
      ['samples', 'count'],
      isHeap ? ['alloc_space', 'bytes'] : ['cpu', 'nanoseconds'],
    ])
    expect(Number(decoded.durationNanos)).toBe(profile.meta.durationMs * 1e6)
    expect(decoded.sample.every(({ value }) => value.length === 2)).toBe(true)
  })

  it('has the weight of each stack, leaf first, with its count and phase', () => {
    const functions = new Map(decoded.function.map((item) => [Number(item.id), item]))
    const locations = new Map(decoded.location.map((item) => [Number(item.id), item]))
    const stacks: Record<string, number> = {}
    for (const { locationId, value, label } of decoded.sample) {
      const path = locationId.map((id) =>
        text(functions.get(Number(locations.get(Number(id))?.line[0]?.functionId))?.name ?? 0),
      )
      add(stacks, path.reverse().join('>'), Number(value[1]) / (isHeap ? 1 : 1000))
      for (const { key, str } of label) expect([text(key), text(str)]).toEqual(['phase', path[0]])
    }
    expect(stacks).toEqual(stacksOf(profile))
    const samples = decoded.sample.reduce((sum, { value }) => sum + Number(value[0]), 0)
    const measured = profile.nodes.filter(({ frame }) => profile.frames[frame]?.category !== 'profiler')
    expect(samples).toBe(measured.reduce((sum, node) => sum + node.samples, 0))
  })

  it('says where each function begins', () => {
    const places = decoded.function.map(({ name, filename, startLine }) => [
      text(name),
      text(filename),
      Number(startLine),
    ])
    expect(places).toEqual(profile.frames.map(({ function: name, file, line }) => [name, file, line]))
  })
})

describe('the format', () => {
  it('is told by the end of a file name', () => {
    for (const format of PROFILE_FORMATS) expect(formatOfFile(`a.b/profile${EXTENSIONS[format]}`)).toBe(format)
    expect(formatOfFile('profile.png')).toBeUndefined()
  })

  it.each(PROFILE_FORMATS)('%s can be written of any profile', async (format) => {
    for (const profile of Object.values(PROFILES)) {
      const written = await exportProfile(profile, format)
      expect(written.length).toBeGreaterThan(format === 'folded' ? -1 : 0)
    }
  })

  it('json is the profile itself', async () => {
    expect(JSON.parse(String(await exportProfile(HOSTILE, 'json')))).toEqual(HOSTILE)
  })
})
