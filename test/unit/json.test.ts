import { describe, expect, it } from 'vitest'
import { findNonJson } from '../../src/job/json.ts'

class Point {
  x = 1
}

function find(value: unknown): string | undefined {
  return findNonJson(value, 'args')
}

describe('findNonJson', () => {
  it.each([
    ['strings, also with any character', 'a\u0000\ud800🐎'],
    ['numbers', [0, -1.5, 1e300, Number.MAX_SAFE_INTEGER]],
    ['booleans and null', [true, false, null]],
    ['arrays in arrays', [[], [[1]]]],
    ['objects in objects', { a: { b: { c: [] } }, 'odd key!': 1 }],
    ['objects without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['properties that are undefined, which JSON leaves out', { a: undefined }],
  ])('passes %s', (_, value) => {
    expect(find(value)).toBeUndefined()
  })

  it('passes a value that occurs twice but does not contain itself', () => {
    const shared = { a: 1 }
    expect(find([shared, shared, { shared }])).toBeUndefined()
  })

  it.each<[what: string, value: unknown, finding: string]>([
    ['undefined', undefined, 'args: undefined; pass null or leave it out'],
    ['undefined in an array', [1, undefined], 'args[1]: undefined; pass null or leave it out'],
    ['a hole in an array', new Array(1), 'args[0]: undefined; pass null or leave it out'],
    ['NaN', [Number.NaN], 'args[0]: NaN; JSON has no such number, pass null or a string'],
    ['Infinity', { n: Number.POSITIVE_INFINITY }, 'args.n: Infinity; JSON has no such number, pass null or a string'],
    ['a BigInt', [1n], 'args[0]: BigInt; pass a string or a number'],
    ['a symbol', [Symbol('s')], 'args[0]: symbol; pass a string'],
    ['a function', [function load() {}], 'args[0]: function load; pass data, never code'],
    ['a function without a name', [() => {}], 'args[0]: function (anonymous); pass data, never code'],
    ['a symbol key', { [Symbol('s')]: 1 }, 'args: a property named by Symbol(s); use a string key'],
    ['a date', [{ at: new Date(0) }], 'args[0].at: Date; pass an ISO string'],
    ['a map', new Map(), 'args: Map; pass an object or an array of pairs'],
    ['a set', new Set(), 'args: Set; pass an array'],
    ['a buffer', Buffer.from('a'), 'args: Buffer; pass a base64 string, or store it and pass its key'],
    ['bytes', new Uint8Array(1), 'args: Uint8Array; pass a base64 string, or store it and pass its key'],
    ['an error', new Error('x'), 'args: Error; pass its message'],
    ['a promise', Promise.resolve(1), 'args: Promise; await it first'],
    ['an instance of a class', { deep: [new Point()] }, 'args.deep[0]: Point; pass a plain object'],
    ['an object that inherits', Object.create({ a: 1 }), 'args: Object; pass a plain object'],
  ])('finds %s', (_, value, finding) => {
    expect(find(value)).toBe(finding)
  })

  it('finds a cycle, in objects and in arrays', () => {
    const object: Record<string, unknown> = {}
    object['self'] = object
    expect(find([object])).toBe('args[0].self: a cycle; pass ids instead of objects that contain each other')
    const array: unknown[] = []
    array.push([array])
    expect(find(array)).toBe('args[0][0]: a cycle; pass ids instead of objects that contain each other')
  })

  it('names the path as code would', () => {
    expect(find([{ ok: 1, list: [0, { 'odd key': { $id_1: 1n } }] }])).toBe(
      'args[0].list[1]["odd key"].$id_1: BigInt; pass a string or a number',
    )
  })

  it('names the first finding', () => {
    expect(find([1n, new Date(0)])).toMatch(/^args\[0\]/)
  })
})
