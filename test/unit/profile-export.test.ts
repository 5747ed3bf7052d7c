import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { toCpuProfile } from '../../src/profiler/export/cpuprofile.ts'
import { toFolded } from '../../src/profiler/export/folded.ts'
import { formatOfFile } from '../../src/profiler/export/format-names.ts'
import { toPprof } from '../../src/profiler/export/pprof.ts'
import { toSpeedscope } from '../../src/profiler/export/speedscope.ts'
import { ProfileMerge } from '../../src/profiler/merge.ts'
import type { Profile } from '../../src/profiler/profile.ts'
import { native, rawProfile } from '../support/raw-profile.ts'

const HEAD = {
  unit: 'microseconds',
  jobs: ['add'],
  lost: 0,
  skipped: 0,
  rateHz: 1000,
  startedAt: 5,
  durationMs: 10,
} as const

function example(): Profile {
  const merge = new ProfileMerge()
  merge.add(
    rawProfile(
      [
        { at: 1000, stack: ['a'] },
        { at: 4000, stack: ['a', 'b;"<&\n'] },
        { at: 4500, stack: [native('(garbage collector)')] },
        { at: 6000, stack: ['c'] },
      ],
      [
        ['job', 0, 0],
        ['exit', 4600, 4600],
        ['end', 6000, 6000],
      ],
    ),
  )
  return merge.build({ ...HEAD, title: 'an example' }, '/app')
}

describe('exports of a profile', () => {
  it('folded: one line for each stack, whose names cannot break the format', () => {
    expect(toFolded(example())).toBe(
      [
        'job;a (jobs.js:10) 1000',
        'job;a (jobs.js:10);b,"<&, (jobs.js:10) 3000',
        'job;a (jobs.js:10);b,"<&, (jobs.js:10);(garbage collector) 600',
        'exit;c (jobs.js:10) 1400',
        '',
      ].join('\n'),
    )
  })

  it('speedscope: what its schema demands, with weights that add up', () => {
    const { $schema, shared, profiles } = JSON.parse(toSpeedscope(example()))
    expect($schema).toBe('https://www.speedscope.app/file-format-schema.json')
    const [profile] = profiles
    expect(profile).toMatchObject({ type: 'sampled', unit: 'microseconds', startValue: 0, endValue: 6000 })
    expect(profile.weights).toEqual([1000, 3000, 600, 1400])
    expect(profile.samples).toHaveLength(4)
    for (const index of profile.samples.flat()) expect(shared.frames[index]).toBeDefined()
    expect(shared.frames).toContainEqual({ name: 'a', file: 'jobs.js', line: 10, col: 3 })
  })

  it('cpuprofile: reads back as what it was', () => {
    const cpuProfile = JSON.parse(toCpuProfile(example(), '/app'))
    expect(cpuProfile.timeDeltas).toHaveLength(cpuProfile.samples.length)
    const whole = [
      { phase: 'job', at: -1, cpu: 0 },
      { phase: 'end', at: cpuProfile.endTime, cpu: 6000 },
    ] as const
    // Its samples last until the next one; ours since the one before.
    const timeDeltas = [...cpuProfile.timeDeltas.slice(1), cpuProfile.endTime - sum(cpuProfile.timeDeltas)]
    const merge = new ProfileMerge()
    merge.add({
      ...rawProfile([], []),
      executions: [whole],
      profile: { ...cpuProfile, startTime: 0, timeDeltas },
    })
    const lines = toFolded(merge.build({ ...HEAD, title: 'again' }, '/app'))
      .trimEnd()
      .split('\n')
    expect(lines.map((line) => Number(line.split(' ').at(-1)))).toEqual([1000, 3000, 600, 1400])
  })

  it('pprof: messages of the published proto, times in nanoseconds, the phase as a label', () => {
    const fields = readMessage(gunzipSync(toPprof(example())))
    const strings = fields.filter(({ field }) => field === 6).map(({ value }) => String(value))
    expect(strings[0]).toBe('')
    const samples = fields.filter(({ field }) => field === 2).map(({ value }) => readMessage(value as Buffer))
    expect(samples.map((sample) => readVarints(fieldOf(sample, 2) as Buffer)[1])).toEqual([1e6, 3e6, 6e5, 1.4e6])
    const labels = samples.map((sample) => readMessage(fieldOf(sample, 3) as Buffer))
    const words = labels.map((label) => [strings[fieldOf(label, 1) as number], strings[fieldOf(label, 2) as number]])
    expect(words).toEqual([
      ['phase', 'job'],
      ['phase', 'job'],
      ['phase', 'job'],
      ['phase', 'exit'],
    ])
    const functions = fields.filter(({ field }) => field === 5).map(({ value }) => readMessage(value as Buffer))
    expect(functions.map((described) => strings[fieldOf(described, 2) as number])).toContain('b;"<&\n')
  })

  it.each([
    ['a.svg', 'svg'],
    ['a.speedscope.json', 'speedscope'],
    ['a.json', 'json'],
    ['a.pb.gz', 'pprof'],
    ['a.txt', undefined],
  ])('is told by the name of the file: %s', (file, format) => {
    expect(formatOfFile(file)).toBe(format)
  })
})

interface Field {
  readonly field: number
  readonly value: number | Buffer
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function fieldOf(fields: readonly Field[], field: number): number | Buffer | undefined {
  return fields.find((found) => found.field === field)?.value
}

/** The wire format of protocol buffers, read by its specification. */
function readMessage(data: Buffer): Field[] {
  const fields: Field[] = []
  for (let at = 0; at < data.length; ) {
    const tag = readVarint(data, at)
    const next = readVarint(data, tag.end)
    const isBytes = tag.value % 8 === 2
    at = isBytes ? next.end + next.value : next.end
    fields.push({ field: Math.floor(tag.value / 8), value: isBytes ? data.subarray(next.end, at) : next.value })
  }
  return fields
}

function readVarints(data: Buffer): number[] {
  const values: number[] = []
  for (let at = 0; at < data.length; ) {
    const { value, end } = readVarint(data, at)
    values.push(value)
    at = end
  }
  return values
}

function readVarint(data: Buffer, start: number): { value: number; end: number } {
  let value = 0
  let factor = 1
  for (let at = start; ; at++) {
    const byte = data[at] as number
    value += (byte % 128) * factor
    factor *= 128
    if (byte < 128) return { value, end: at + 1 }
  }
}
