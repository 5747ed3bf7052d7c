import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from '../../src/support/did-you-mean.ts'

describe('nearest', () => {
  const known = ['worker', 'workers', 'enqueue', 'info', 'queues', 'dashboard']

  it.each([
    ['wroker', 'worker'],
    ['enqeue', 'enqueue'],
    ['enque', 'enqueue'],
    ['inof', 'info'],
    ['INFO', 'info'],
    ['dashbord', 'dashboard'],
    ['queue', 'queues'],
  ])('takes %s for %s', (typed, meant) => {
    expect(nearest(typed, known)).toBe(meant)
  })

  it('takes the nearer of two', () => {
    expect(nearest('workerss', known)).toBe('workers')
  })

  it('guesses nothing where nothing is near', () => {
    expect(nearest('frobnicate', known)).toBeUndefined()
    expect(nearest('x', known)).toBeUndefined()
    expect(nearest('', known)).toBeUndefined()
    expect(nearest('worker', [])).toBeUndefined()
  })
})

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['same', 'same', 0],
    ['abc', 'abd', 1],
    ['abc', 'abcd', 1],
    ['abc', 'acb', 1],
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('from %j to %j is %d', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance)
    expect(editDistance(to, from)).toBe(distance)
  })
})
