import { describe, expect, it } from 'vitest'
import { toFolded } from '../../src/profiler/export/folded.ts'
import { type ProfileHead, ProfileMerge } from '../../src/profiler/merge.ts'
import type { Profile } from '../../src/profiler/profile.ts'
import type { RawProfile } from '../../src/worker/isolation/profiling.ts'
import { native, own, rawProfile } from '../support/raw-profile.ts'

const HEAD: ProfileHead = {
  title: 'test',
  unit: 'microseconds',
  jobs: ['add'],
  lost: 0,
  skipped: 0,
  rateHz: 1000,
  startedAt: 0,
  durationMs: 1000,
}

function merged(raws: readonly RawProfile[], options: ConstructorParameters<typeof ProfileMerge>[0] = {}): Profile {
  const merge = new ProfileMerge(options)
  for (const raw of raws) merge.add(raw)
  return merge.build(HEAD, '/app')
}

const folded = (...raws: readonly RawProfile[]): string[] => toFolded(merged(raws)).trimEnd().split('\n')

describe('merging profiles', () => {
  it('weighs a sample with the time since the one before it', () => {
    const raw = rawProfile(
      [
        { at: 1000, stack: ['a'] },
        { at: 4000, stack: ['b'] },
      ],
      [
        ['job', 0, 0],
        ['end', 4000, 4000],
      ],
    )
    expect(folded(raw)).toEqual(['job;a (jobs.js:10) 1000', 'job;b (jobs.js:10) 3000'])
  })

  it('counts nothing from before the first phase, which is the sampler starting', () => {
    const raw = rawProfile(
      [
        { at: 5000, stack: ['starting'] },
        { at: 6000, stack: ['a'] },
      ],
      [
        ['job', 5500, 0],
        ['end', 6000, 500],
      ],
    )
    expect(folded(raw)).toEqual(['job;a (jobs.js:10) 500'])
  })

  it('gives the rest of a phase to its last sample', () => {
    const raw = rawProfile(
      [
        { at: 1000, stack: ['a'] },
        { at: 5000, stack: ['b'] },
      ],
      [
        ['load', 0, 0],
        ['job', 3000, 3000],
        ['end', 5000, 5000],
      ],
    )
    expect(folded(raw)).toEqual(['load;a (jobs.js:10) 3000', 'job;b (jobs.js:10) 2000'])
  })

  it('leaves idle time out, and scales what is left of a phase to the CPU that the kernel counted', () => {
    const raw = rawProfile(
      [
        { at: 2000, stack: ['a'] },
        { at: 9000, stack: [native('(idle)')] },
        { at: 10_000, stack: ['b'] },
      ],
      [
        ['job', 0, 100],
        ['end', 10_000, 6100],
      ],
    )
    expect(folded(raw)).toEqual(['job;a (jobs.js:10) 4000', 'job;b (jobs.js:10) 2000'])
  })

  it('takes what the process waited for a processor from the longest sample, in whatever function that was', () => {
    const job = (...at: number[]) => {
      const stacks = ['a', 'a', 'b', 'b', 'b']
      const samples = at.map((time, index) => ({ at: time, stack: [stacks[index] as string] }))
      return rawProfile(samples, [
        ['job', 0, 0],
        ['end', at.at(-1) as number, 5000],
      ])
    }
    const calm = job(1000, 2000, 3000, 4000, 5000)
    const waited = job(1000, 2000, 53_000, 54_000, 55_000)
    expect(folded(calm, waited)).toEqual(['job;a (jobs.js:10) 4000', 'job;b (jobs.js:10) 6000'])
  })

  it('does not let time run backwards where a delta is negative', () => {
    const raw = rawProfile(
      [
        { at: 2000, stack: ['a'] },
        { at: 1500, stack: ['b'] },
        { at: 3000, stack: ['c'] },
      ],
      [
        ['job', 0, 0],
        ['end', 3000, 3000],
      ],
    )
    expect(folded(raw)).toEqual(['job;a (jobs.js:10) 2000', 'job;c (jobs.js:10) 1000'])
  })

  it('puts garbage collection below what it interrupted', () => {
    const raw = rawProfile(
      [
        { at: 1000, stack: ['a', 'b'] },
        { at: 2000, stack: [native('(garbage collector)')] },
      ],
      [
        ['job', 0, 0],
        ['end', 2000, 2000],
      ],
    )
    expect(folded(raw)).toEqual([
      'job;a (jobs.js:10);b (jobs.js:10) 1000',
      'job;a (jobs.js:10);b (jobs.js:10);(garbage collector) 1000',
    ])
    expect(merged([raw]).frames.find(({ category }) => category === 'gc')?.function).toBe('(garbage collector)')
  })

  it('shows the machinery that leads to a job only where it is itself what runs', () => {
    const raw = rawProfile(
      [
        { at: 1000, stack: [{ functionName: 'processImmediate', url: 'node:timers' }, own('begin'), own('obey'), 'a'] },
        { at: 2000, stack: [own('begin'), own('obey')] },
        { at: 3000, stack: [own('begin'), 'a', own('log')] },
      ],
      [
        ['job', 0, 0],
        ['end', 3000, 3000],
      ],
    )
    expect(folded(raw).sort()).toEqual([
      'job;a (jobs.js:10) 1000',
      'job;a (jobs.js:10);log (workhorse/worker/execute-job.ts:10) 1000',
      'job;obey (workhorse/worker/execute-job.ts:10) 1000',
    ])
    expect(merged([raw]).nodes.every(({ total }) => total > 0)).toBe(true)
  })

  it('merges processes by function and file, and counts the executions that each was seen in', () => {
    const one = rawProfile(
      [{ at: 1000, stack: ['a'] }],
      [
        ['job', 0, 0],
        ['end', 1000, 1000],
      ],
    )
    const other = rawProfile(
      [{ at: 1000, stack: ['a', 'b'] }],
      [
        ['job', 0, 0],
        ['end', 1000, 1000],
      ],
      { pid: 4712 },
    )
    const { nodes, frames, meta } = merged([one, other])
    const seen = nodes.slice(1).map(({ frame, total, executions }) => [frames[frame]?.function, total, executions])
    expect(seen).toContainEqual(['a', 2000, 2])
    expect(seen).toContainEqual(['b', 1000, 1])
    expect(meta).toMatchObject({ executions: 2, processes: 2, cpuUs: 2000 })
  })

  it('draws a tower for each process where that is wanted', () => {
    const one = rawProfile(
      [{ at: 1000, stack: ['a'] }],
      [
        ['job', 0, 0],
        ['end', 1000, 1000],
      ],
    )
    const profile = merged([one, { ...one, pid: 4712 }], { byProcess: true })
    expect(toFolded(profile).trimEnd().split('\n')).toEqual([
      'process 4711;job;a (jobs.js:10) 1000',
      'process 4712;job;a (jobs.js:10) 1000',
    ])
    expect(profile.nodes[0]?.total).toBe(2000)
  })

  it('shows what measuring cost as frames of their own, outside of all totals', () => {
    const raw = rawProfile(
      [{ at: 1000, stack: ['a'] }],
      [
        ['job', 0, 0],
        ['end', 1000, 1000],
      ],
    )
    const { nodes, frames, meta } = merged([raw, raw])
    expect(nodes[0]?.total).toBe(2000)
    const sampler = nodes.filter(({ frame }) => frames[frame]?.category === 'profiler')
    expect(sampler.map(({ frame, parent, total }) => [frames[frame]?.function, parent, total])).toEqual([
      ['(profiler) start', 0, 1000],
      ['(profiler) stop', 0, 200],
    ])
    expect(meta.sampler).toEqual({ startUs: 1000, stopUs: 200 })
  })

  it('adds up allocations by stack', () => {
    const callFrame = (functionName: string) => ({ functionName, url: '/app/jobs.js', lineNumber: 9, columnNumber: 2 })
    const leaf = { callFrame: callFrame('b'), selfSize: 300, children: [] }
    const node = { callFrame: callFrame('a'), selfSize: 100, children: [leaf] }
    const head = { callFrame: { ...callFrame('(root)'), url: '' }, selfSize: 0, children: [node] }
    const raw: RawProfile = { ...rawProfile([], []), kind: 'heap', profile: { head } }
    const merge = new ProfileMerge()
    merge.add(raw)
    merge.add(raw)
    const profile = merge.build({ ...HEAD, unit: 'bytes' }, '/app')
    expect(toFolded(profile)).toBe('job;a (jobs.js:10) 200\njob;a (jobs.js:10);b (jobs.js:10) 600\n')
    expect(profile.nodes[0]?.total).toBe(800)
  })
})
