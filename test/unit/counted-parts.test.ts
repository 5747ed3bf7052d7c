import { describe, expect, it } from 'vitest'
import { flatten, onlyColdShare, repeatedShare } from '../../src/profiler/doctor/counted-parts.ts'

describe('counted parts of functions', () => {
  it('are laid side by side, the inner ones instead of what is around them', () => {
    expect(
      flatten([
        [0, 100, 1],
        [10, 50, 7],
        [20, 30, 0],
        [60, 100, 2],
      ]),
    ).toEqual([
      [0, 10, 1],
      [10, 20, 7],
      [20, 30, 0],
      [30, 50, 7],
      [50, 60, 1],
      [60, 100, 2],
    ])
  })

  it('are only cold where a used process never runs them, and loops weigh more', () => {
    const cold = flatten([
      [0, 100, 1],
      [20, 40, 1000],
    ])
    const guarded = flatten([
      [0, 100, 3],
      [10, 50, 0],
    ])
    expect(onlyColdShare(cold, [guarded])).toBeGreaterThan(0.99)
  })

  it('are not only cold where one of several used processes runs them', () => {
    const cold = flatten([[0, 100, 1]])
    expect(onlyColdShare(cold, [flatten([[0, 100, 0]]), flatten([[0, 100, 2]])])).toBe(0)
  })

  it('of a function that does the same in every process are not only cold at all', () => {
    const parts = flatten([
      [0, 100, 1],
      [20, 40, 1000],
    ])
    expect(onlyColdShare(parts, [parts])).toBe(0)
  })

  it('tell what is done for some executions only: once for each new argument, say', () => {
    const cold = flatten([
      [0, 100, 1],
      [20, 100, 1],
    ])
    const onceInFour = flatten([
      [0, 100, 4],
      [20, 100, 1],
    ])
    expect(repeatedShare(cold, onceInFour, 4)).toBeCloseTo(0.4)
    expect(repeatedShare(cold, cold, 1)).toBe(1)
  })

  it('do not count what a used process never runs as done for some executions', () => {
    const cold = flatten([[0, 100, 1]])
    const never = flatten([
      [0, 100, 4],
      [20, 100, 0],
    ])
    expect(repeatedShare(cold, never, 4)).toBe(1)
    expect(onlyColdShare(cold, [never])).toBe(0.8)
  })
})
