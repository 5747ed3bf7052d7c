import { describe, expect, it } from 'vitest'
import { ShortMap, ShortSet } from '../../src/support/short-map.ts'
import { oldMemoryGrowth } from '../support/old-memory.ts'

describe('a short map', () => {
  it('has what was put in, in the order in which it came', () => {
    const map = new ShortMap<string, number>()
    for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index)
    map.set('a', 9)
    expect(map.delete('b')).toBe(true)
    expect(map.delete('b')).toBe(false)
    map.set('b', 5)
    expect(map.entries()).toEqual([
      ['a', 9],
      ['c', 2],
      ['b', 5],
    ])
    expect([map.keys(), map.values(), map.size]).toEqual([['a', 'c', 'b'], [9, 2, 5], 3])
    expect([map.get('c'), map.get('d'), map.has('c'), map.has('d')]).toEqual([2, undefined, true, false])
    expect([map.first, map.last, map.keyAt(1), map.keyAt(3)]).toEqual([9, 5, 'c', undefined])
    expect([map.delete('a'), map.entries()]).toEqual([
      true,
      [
        ['c', 2],
        ['b', 5],
      ],
    ])
    map.clear()
    expect(map.size).toBe(0)
  })

  it('tells keys apart that end alike, or are short or empty', () => {
    const keys = ['', 'a', 'b', 'ab', 'abc', 'xabc', 'yabc', 'xyabc', 'xyabd', '-1', '-10', '-100']
    const map = new ShortMap<string, string>()
    for (const key of keys) map.set(key, key)
    expect(map.keys()).toEqual(keys)
    for (const key of keys) expect(map.get(key)).toBe(key)
    for (const key of ['c', 'bc', 'zabc', '-1000']) expect(map.get(key)).toBeUndefined()
    expect(map.delete('yabc')).toBe(true)
    expect([map.get('xabc'), map.get('yabc'), map.get('xyabc')]).toEqual(['xabc', undefined, 'xyabc'])
    expect(map.keys()).toEqual(keys.filter((key) => key !== 'yabc'))
  })

  it('may change while somebody goes through it', () => {
    const map = new ShortMap<number, number>()
    for (const key of [1, 2, 3]) map.set(key, key)
    for (const key of map.keys()) map.delete(key)
    expect(map.size).toBe(0)
  })

  it('lets go of what came and went, without a full collection', async () => {
    expect(await growth(new ShortMap<number, object>())).toBeLessThan(2 ** 20)
    // The reason why it is there. Where this fails, V8 has mended its Map, and Map is the better choice.
    expect(await growth(new Map<number, object>())).toBeGreaterThan(2 ** 21)
  })
})

describe('a short set', () => {
  it('has each thing once, in the order in which it came', () => {
    const set = new ShortSet<string>()
    for (const value of ['a', 'b', 'a', 'c']) set.add(value)
    expect([set.delete('b'), set.delete('b'), set.size, set.values()]).toEqual([true, false, 2, ['a', 'c']])
  })
})

/** While 16 MB come and go. The first entry makes the map's first table old. */
function growth(map: { set(key: number, value: object): unknown; delete(key: number): unknown }): Promise<number> {
  map.set(-1, {})
  return oldMemoryGrowth(() => {
    map.delete(-1)
    for (let round = 0; round < 800; round++) {
      for (let key = 0; key < 20; key++) map.set(key, new Array(128).fill(round))
      for (let key = 0; key < 20; key++) map.delete(key)
    }
  })
}
