import { describe, expect, it } from 'vitest'
import type { RetryPolicy } from '../../src/job/policies.ts'
import { repeatDecision, retryDecision } from '../../src/job/retry.ts'

/** Delays of all retries, with chance fixed. */
function delays(policy: RetryPolicy, random = 0): number[] {
  return Array.from({ length: policy.max }, (_, used) => {
    const decision = retryDecision(policy, policy.max - used, () => random)
    return decision?.delayMs ?? Number.NaN
  })
}

describe('a retry', () => {
  it('is none without a policy, and none when none is left', () => {
    expect(retryDecision(undefined, undefined)).toBeUndefined()
    expect(retryDecision({ max: 3, delaysMs: [] }, 0)).toBeUndefined()
    expect(retryDecision({ max: 3, delaysMs: [] }, undefined)).toBeUndefined()
  })

  it('comes at once where no delay is given', () => {
    expect(delays({ max: 3, delaysMs: [] })).toEqual([0, 0, 0])
  })

  it('takes the delays in their order, and repeats the last', () => {
    expect(delays({ max: 4, delaysMs: [10, 60] })).toEqual([10, 60, 60, 60])
  })

  it('goes to the front only where that is wanted', () => {
    expect(retryDecision({ max: 1, delaysMs: [] }, 1)).toEqual({ delayMs: 0, atFront: false })
    expect(retryDecision({ max: 1, delaysMs: [], atFront: true }, 1)).toEqual({ delayMs: 0, atFront: true })
  })

  it('waits longer each time by its backoff, but never longer than its maximum', () => {
    const backoff = { baseMs: 100, factor: 3, maxMs: 2000, jitter: 0 }
    expect(delays({ max: 5, delaysMs: [], backoff })).toEqual([100, 300, 900, 2000, 2000])
    expect(delays({ max: 2000, delaysMs: [], backoff }).at(-1)).toBe(2000)
  })

  it('leaves a share of its backoff to chance, which makes it shorter', () => {
    const backoff = { baseMs: 1000, factor: 2, maxMs: 10_000, jitter: 0.4 }
    const policy = { max: 2, delaysMs: [], backoff }
    expect(delays(policy, 0)).toEqual([1000, 2000])
    expect(delays(policy, 0.5)).toEqual([800, 1600])
    expect(delays(policy, 1)).toEqual([600, 1200])
  })

  it('is different each time where chance is real', () => {
    const policy = { max: 1, delaysMs: [], backoff: { baseMs: 1e6, factor: 1, maxMs: 1e6, jitter: 1 } }
    const seen = new Set(Array.from({ length: 20 }, () => retryDecision(policy, 1)?.delayMs))
    expect(seen.size).toBeGreaterThan(10)
    for (const delay of seen) expect(delay).toBeLessThanOrEqual(1e6)
  })
})

describe('a repeat', () => {
  it('is none without a policy, and none when none is left', () => {
    expect(repeatDecision(undefined, undefined)).toBeUndefined()
    expect(repeatDecision({ times: 2, delaysMs: [] }, 0)).toBeUndefined()
  })

  it('takes the delays in their order, and repeats the last', () => {
    const policy = { times: 3, delaysMs: [5, 7] }
    expect([3, 2, 1].map((left) => repeatDecision(policy, left))).toEqual([
      { delayMs: 5 },
      { delayMs: 7 },
      { delayMs: 7 },
    ])
    expect(repeatDecision({ times: 1, delaysMs: [] }, 1)).toEqual({ delayMs: 0 })
  })
})
