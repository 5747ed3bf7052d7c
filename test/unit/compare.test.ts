import { describe, expect, it } from 'vitest'
import { COLD, Comparison, isSignificant, WARM } from '../../src/profiler/compare.ts'
import { ProfileMerge } from '../../src/profiler/merge.ts'
import { rawProfile } from '../support/raw-profile.ts'

/** One execution: `f` for so many milliseconds of CPU, then `g` for one. */
const execution = (fMs: number) =>
  rawProfile(
    [...(fMs > 0 ? [{ at: fMs * 1000, stack: ['f'] }] : []), { at: fMs * 1000 + 1000, stack: ['g'] }],
    [
      ['job', 0, 0],
      ['end', fMs * 1000 + 1000, fMs * 1000 + 1000],
    ],
  )

/** What the comparison holds of `f`, after executions that spent so long in it. */
function significance(cold: readonly number[], warm: readonly number[]): boolean {
  const merge = new ProfileMerge({ sides: 2 })
  for (const ms of cold) merge.add(execution(ms), COLD)
  for (const ms of warm) merge.add(execution(ms), WARM)
  const comparison = new Comparison(merge)
  const node = comparison
    .jobNodes()
    .flatMap((top) => merge.trie.children(top))
    .find((child) => merge.frames.callFrame(merge.trie.frames[child] as number).functionName === 'f') as number
  return isSignificant(comparison.of(node, COLD), comparison.of(node, WARM))
}

describe('a difference between fresh and used processes', () => {
  it('counts where it is large beside what varies', () => {
    expect(significance([10, 11, 9, 10], [4, 5, 4, 5])).toBe(true)
  })

  it('does not count where it may be chance', () => {
    expect(significance([10, 3, 12, 4], [4, 11, 3, 8])).toBe(false)
  })

  it('counts where each fresh process does what no used one does, though the machine stood still in one of them', () => {
    expect(significance([10, 11, 9, 10, 10, 400], [0, 0, 0, 0, 0, 0])).toBe(true)
  })

  it('does not count where only one fresh process was seen to do it', () => {
    expect(significance([0, 0, 0, 0, 0, 400], [0, 0, 0, 0, 0, 0])).toBe(false)
  })
})
