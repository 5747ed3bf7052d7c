import { describe, expect, it } from 'vitest'
import { ProfilerDesk } from '../../src/worker/control/profiler-desk.ts'
import type { Isolation } from '../../src/worker/isolation/isolation.ts'
import { IsolationRouter } from '../../src/worker/isolation/isolation-router.ts'
import type { ExecutionProfiler, Profiling } from '../../src/worker/isolation/profiling.ts'

function profiler(samplesMany: boolean): ExecutionProfiler {
  return { samplesMany, request: () => undefined, collected: () => {} }
}

function profiling(): Profiling & { readonly expected: boolean[] } {
  const expected: boolean[] = []
  return {
    expected,
    refusal: undefined,
    profiler: undefined,
    expectSampling: (is) => void expected.push(is),
    handOverProfiles: async () => {},
  }
}

describe('a sampler is made ready', () => {
  it('while somebody wants many executions sampled, and not for those who want a few', () => {
    const isolation = profiling()
    const desk = new ProfilerDesk(isolation)
    desk.add(profiler(false))
    expect(isolation.expected).toEqual([])
    const [leave, leaveToo] = [desk.add(profiler(true)), desk.add(profiler(true))]
    leave()
    expect(isolation.expected).toEqual([true])
    leaveToo()
    expect(isolation.expected).toEqual([true, false])
  })

  it('in every isolation of a worker that can have one ready', () => {
    const main = profiling()
    const isolation = { mode: 'fork', profiling: main } as unknown as Isolation
    const router = new IsolationRouter({ main: isolation, byQueue: {}, open: () => isolation })
    const leave = new ProfilerDesk(router).add(profiler(true))
    leave()
    expect(main.expected).toEqual([true, false])
  })
})
