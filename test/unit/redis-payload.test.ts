import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compress } from '../../src/broker/redis/codec/compress.ts'
import { decodeCall, encodeCall } from '../../src/broker/redis/codec/payload.ts'
import { PayloadError } from '../../src/broker/redis/codec/payload-error.ts'
import { formatTime, parseMicroseconds, parseTime } from '../../src/broker/redis/codec/times.ts'
import { failureOfTraceback, tracebackOf } from '../../src/broker/redis/result-entry.ts'

const call = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('the payload of a job', () => {
  it('is what RQ with its JSON serializer reads', () => {
    expect(encodeCall('add', '[2,3]', 'json').toString()).toBe('["add", null, [2,3], {}]')
  })

  it('is compressed where that saves something, and read either way', async () => {
    const small = encodeCall('add', '[2,3]', 'json')
    expect(await compress(small)).toBe(small)
    for (const length of [5000, 500_000]) {
      const large = encodeCall('add', JSON.stringify(['x'.repeat(length)]), 'json')
      const packed = await compress(large)
      expect(packed.length).toBeLessThan(large.length / 10)
      expect(decodeCall(packed)).toEqual(decodeCall(large))
    }
  })

  it.each([
    ['a bomb', deflateSync(Buffer.alloc(40 * 1024 * 1024, 0x20)), /inflates to more than/],
    ['neither JSON nor a pickle', Buffer.from('hello'), /neither JSON nor a pickle/],
    ['no array', call({}), /no array of four/],
    ['too short', call(['f', null, []]), /no array of four/],
    ['without a name', call([1, null, [], {}]), /no name/],
    ['a method', call(['f', { self: 1 }, [], {}]), /method of an object/],
    ['without arguments', call(['f', null, 'x', {}]), /no array of arguments/],
    ['with a list of keyword arguments', call(['f', null, [], [1]]), /no object of keyword/],
    [
      'nested without end',
      Buffer.from(`["f", null, ${'['.repeat(100_000)}${']'.repeat(100_000)}, {}]`),
      /nested too deep/,
    ],
    ['empty', Buffer.alloc(0), /neither JSON/],
    ['a pickle that is no call', Buffer.from('80044b012e', 'hex'), /no tuple of four/],
  ])('is refused where it is %s', (_, data, reason) => {
    expect(() => decodeCall(data)).toThrow(PayloadError)
    expect(() => decodeCall(data)).toThrow(reason)
  })
})

describe('times', () => {
  it.each([
    ['2026-11-23T00:23:21.123456Z', 1_795_393_401_123_456],
    ['2026-11-23T00:23:21.123Z', 1_795_393_401_123_000],
    ['2026-11-23T00:23:21Z', 1_795_393_401_000_000],
    ['1970-01-01T00:00:00.001000Z', 1000],
  ])('%s is read to the microsecond', (text, micros) => {
    expect(parseMicroseconds(text)).toBe(micros)
  })

  it('of the same second are told apart, and what only begins like one is none', () => {
    const second = '2026-11-23T00:23:21'
    const read = ['.000001Z', '.999999Z', '.000002Z', '.1Z', 'Z', '.12345 Z', '.1e4567Z', '.123456+'].map((end) =>
      parseMicroseconds(second + end),
    )
    const base = 1_795_393_401_000_000
    const none = [undefined, undefined, undefined]
    expect(read).toEqual([base + 1, base + 999_999, base + 2, base + 100_000, base, ...none])
  })

  it('come back as they were written, and are none where there is none', () => {
    expect(parseTime(formatTime(1_795_393_401_123, 45))).toBe(1_795_393_401_123)
    for (const text of [undefined, '', 'yesterday']) expect(parseTime(text)).toBeUndefined()
  })
})

describe('tracebacks', () => {
  it('name the failure, its cause and what the job printed last', () => {
    const stack = 'TypeError: it does not fit\n    at fit (jobs.ts:3:5)'
    const text = tracebackOf({
      kind: 'error',
      name: 'TypeError',
      message: 'it does not fit',
      stack,
      cause: { name: 'Error', message: 'too large' },
      stderrTail: 'last words',
    })
    expect(text).toBe(`${stack}\n\nCaused by Error: too large\n\nStandard error:\nlast words\n`)
  })

  it('of Python are read by their last line', () => {
    const text = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\nValueError: too bad\n'
    expect(failureOfTraceback(text)).toEqual({ kind: 'error', name: 'ValueError', message: 'too bad', stack: text })
    expect(failureOfTraceback('Moved to FailedJobRegistry at 2026')).toMatchObject({
      name: 'Error',
      message: 'Moved to FailedJobRegistry at 2026',
    })
    expect(failureOfTraceback('')).toMatchObject({ message: 'no traceback was kept' })
  })
})
