import { describe, expect, it } from 'vitest'
import { subtitleOf } from '../../src/profiler/flame/subtitle.ts'
import { ProfileMerge } from '../../src/profiler/merge.ts'
import { summariseProfile } from '../../src/profiler/summary.ts'
import { createInstrument, keepSamplerReady } from '../../src/worker/isolation/fork/samplers.ts'
import { rawProfile } from '../support/raw-profile.ts'

const REQUEST = { kind: 'cpu', interval: 1000 } as const
const addon = (exported: boolean) => ({
  prepareSampler: () => exported,
  dismissSampler: () => {},
  startSampler: () => {},
  stopSampler: () => JSON.stringify({ nodes: [{ callFrame: { functionName: 'stopSampler', url: '' } }] }),
})

describe("V8's sampler", () => {
  it('is another one, which says so, where none can be made ready before the fork', () => {
    keepSamplerReady(addon(true), true)
    expect(createInstrument(REQUEST).remark).toBeUndefined()
    keepSamplerReady(addon(false), true)
    expect(createInstrument(REQUEST).remark).toMatch(/Node v\d.* does not export V8's sampler/)
    keepSamplerReady(addon(false), false)
    expect(createInstrument(REQUEST).remark).toBeUndefined()
  })

  it('time in native addons, which have one name in V8, goes by none of ours', () => {
    keepSamplerReady(addon(true), true)
    expect(createInstrument(REQUEST).stop()).toEqual({
      nodes: [{ callFrame: { functionName: 'native addon', url: '' } }],
    })
    keepSamplerReady(addon(true), false)
  })

  it('has what it says of itself in the profile, once, in its summary and in the heading of its graph', () => {
    const merge = new ProfileMerge()
    const phases = [
      ['job', 0, 0],
      ['end', 1000, 1000],
    ] as const
    const raw = rawProfile([{ at: 1000, stack: ['a'] }], phases, { remark: 'it was slow' })
    merge.add(raw)
    merge.add(raw)
    const head = { title: 't', unit: 'microseconds', jobs: [], lost: 0, skipped: 0, rateHz: 1000 } as const
    const profile = merge.build({ ...head, startedAt: 0, durationMs: 1 })
    expect(profile.meta.remarks).toEqual(['it was slow'])
    expect(summariseProfile(profile).split('\n').at(-1)).toBe('note: it was slow')
    expect(subtitleOf(profile.meta)).toContain('it was slow')
  })
})
