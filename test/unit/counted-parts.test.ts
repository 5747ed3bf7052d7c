import { describe, expect, it } from 'vitest'
import { flatten, onlyColdShare } from '../../src/profiler/doctor/counted-parts.ts'

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
})
