import { describe, expect, it } from 'vitest'
import { resolveLimits } from '../../src/job/limits.ts'
import { limitFor } from '../../src/worker/isolation/fork/horse-limits.ts'
import { findBreach } from '../../src/worker/supervisor/limit-watch.ts'

describe('the option limits', () => {
  it('takes sizes, durations and counts', () => {
    expect(resolveLimits('a', { memory: '1.5GB', cpu: '90s', openFiles: 64, output: '10kB', grace: '1s' })).toEqual({
      memoryBytes: 1.5 * 2 ** 30,
      cpuMs: 90_000,
      openFiles: 64,
      outputBytes: 10_240,
      graceMs: 1000,
    })
    expect(resolveLimits('a', { memory: 1000, output: 0 })).toEqual({ memoryBytes: 1000, outputBytes: 0 })
  })

  it('refuses what it does not know, and names it', () => {
    const wrong: [object, string][] = [
      [{ memroy: '1MB' }, `a: option limits: unknown option 'memroy'; did you mean 'memory'?`],
      [{ memory: '1 MegaByte' }, `a: option limits.memory: expected bytes or text with a unit`],
      [{ memory: 0 }, 'a: option limits.memory: 0 leaves nothing to run with'],
      [{ cpu: 'long' }, 'a: option limits.cpu: expected milliseconds or text with a unit'],
      [{ openFiles: 1.5 }, 'a: option limits.openFiles: expected a whole number of at least 1, got 1.5'],
      [[], 'a: option limits: expected an object such as'],
    ]
    for (const [limits, message] of wrong) expect(() => resolveLimits('a', limits)).toThrow(message)
  })
})

describe('a limit', () => {
  const measured = { memoryBytes: 100, cpuMs: 100, outputBytes: 100 }

  it('is passed by more than it, not by as much', () => {
    expect(findBreach({ memoryBytes: 100, cpuMs: 100, outputBytes: 100 }, measured)).toBeUndefined()
    expect(findBreach({ memoryBytes: 99 }, measured)?.code).toBe('WORKHORSE_MEMORY_LIMIT')
    expect(findBreach({ cpuMs: 99 }, measured)?.code).toBe('WORKHORSE_CPU_LIMIT')
    expect(findBreach({ outputBytes: 99 }, measured)?.code).toBe('WORKHORSE_OUTPUT_LIMIT')
  })

  it('of descriptors leaves as many free numbers, whatever is taken', () => {
    expect(limitFor(3, new Set())).toBe(3)
    expect(limitFor(3, new Set([0, 1, 2, 5, 90]))).toBe(7)
  })
})
