import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { decodeCall, decodeValue, encodeCall, encodeValue } from '../../src/broker/redis/codec/payload.ts'
import { PayloadError } from '../../src/broker/redis/codec/payload-error.ts'
import { readPickle } from '../../src/broker/redis/codec/pickle-reader.ts'

/** What Python's own pickle makes of expressions, in hex; one process for all. */
function pickled(expressions: readonly string[], protocol = 5): Buffer[] {
  const script = `
import pickle, sys, datetime, decimal, collections
sys.setrecursionlimit(20000)
loop = []; loop.append(loop)
shared = ['x']
deep = 'end' * 1000
for _ in range(60): deep = [deep, deep]
nested = []
for _ in range(900): nested = [nested]
for text in sys.stdin.read().split('\\x00'): print(pickle.dumps(eval(text), ${protocol}).hex())`
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', ['-c', script], {
    input: expressions.join('\0'),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
    .trim()
    .split('\n')
    .map((hex) => Buffer.from(hex, 'hex'))
}

/** What Python makes of pickles of ours. */
function unpickled(pickles: readonly Buffer[]): unknown[] {
  const script = `
import pickle, sys, json
for line in sys.stdin.read().split(): print(json.dumps(pickle.loads(bytes.fromhex(line))))`
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', ['-c', script], {
    input: pickles.map((pickle) => pickle.toString('hex')).join('\n'),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const PLAIN: readonly [expression: string, value: unknown][] = [
  ['None', null],
  ['[True, False]', [true, false]],
  [
    '[0, 255, 256, 65535, 65536, -1, -2**31, 2**31, -2**31 - 1, 2**53 - 1, -(2**53 - 1)]',
    [0, 255, 256, 65535, 65536, -1, -(2 ** 31), 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53 - 1)],
  ],
  ['[0.5, -1e300, 5e-324, 5.0]', [0.5, -1e300, 5e-324, 5]],
  ["'naïve 🐎 \\x00'", 'naïve 🐎 \u0000'],
  ["'lone \\ud800 half, \\udfff too'", 'lone \ud800 half, \udfff too'],
  ["'x' * 70000", 'x'.repeat(70_000)],
  ['(1, (2,), (), (1, 2, 3, 4))', [1, [2], [], [1, 2, 3, 4]]],
  ["{'a': {'b': [1]}, 3: 'three', None: 0, True: 1}", { a: { b: [1] }, 3: 'three', null: 0, true: 1 }],
  ['list(range(2500))', Array.from({ length: 2500 }, (_, n) => n)],
  ['{str(n): n for n in range(1500)}', Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [String(n), n]))],
  ['[shared, shared, {"again": shared}]', [['x'], ['x'], { again: ['x'] }]],
  ['[{7}, frozenset([8])]', [[7], [8]]],
]

describe('reading pickles', () => {
  it.each([2, 4, 5])('gives plain data of protocol %i as JSON', (protocol) => {
    // Protocol 2 has no opcode for sets.
    const known = protocol === 2 ? PLAIN.slice(0, -1) : PLAIN
    const values = pickled(
      known.map(([expression]) => expression),
      protocol,
    ).map((bytes) => JSON.parse(decodeValue(bytes, 'value')))
    expect(values).toEqual(known.map(([, value]) => value))
  })

  it.each([
    ['datetime.datetime(2026, 1, 1)', /datetime\.datetime/],
    ["decimal.Decimal('1.5')", /decimal\.Decimal/],
    ['collections.OrderedDict(a=1)', /collections\.OrderedDict/],
    ['print', /builtins\.print/],
    ["b'bytes'", /value is or holds 5 bytes/],
    ["[{'a': [2**60]}]", /value\[0\]\.a\[0\] is or holds the whole number 1152921504606846976/],
    ["float('nan')", /the number NaN/],
    ['{(1, 2): 3}', /a tuple as key/],
    ["{1: 'a', '1': 'b'}", /two keys that are '1'/],
    ['loop', /contains itself/],
    ['deep', /more than \d+ characters/],
    ['nested', /more than 500 levels/],
  ])('refuses %s, and says why and what to do', (expression, reason) => {
    const [bytes] = pickled([expression]) as [Buffer]
    const read = () => decodeValue(bytes, 'value')
    expect(read).toThrow(PayloadError)
    expect(read).toThrow(reason)
  })

  it('refuses what was made to run code, whatever it is wrapped in', () => {
    const attack = Buffer.from("cos\nsystem\n(S'touch /tmp/owned'\ntR.", 'latin1')
    expect(() => readPickle(attack)).toThrow(/os\.system/)
    const [reduce] = pickled(["type('Evil', (), {'__reduce__': lambda self: (print, ('x',))})()"]) as [Buffer]
    expect(() => readPickle(reduce)).toThrow(/builtins\.print/)
  })

  it.each([
    ['nothing', ''],
    ['an end without a value', '2e'],
    ['a text that is longer than the pickle', '80048cff61622e'],
    ['a text of four billion bytes', '800458ffffffff2e'],
    ['a text of 2^63 bytes', '80048dffffffffffffff7f2e'],
    ['a reference to nothing', '8004682a2e'],
    ['a list that is appended to nothing', '80046165 2e'],
    ['a dict with half an item', '80047d284b0175 2e'],
    ['no stop', '80044e'],
    ['two values', '80044e4e2e'],
    ['protocol 9', '80094e2e'],
    ['an opcode that is none', '8004ff2e'],
  ])('says that a pickle of %s is damaged', (_, hex) => {
    expect(() => readPickle(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(PayloadError)
  })

  it('never crashes, hangs or grows over random and mutated bytes', () => {
    const seeds = [
      ...pickled(PLAIN.slice(0, 9).map(([expression]) => expression)),
      ...pickled(['datetime.date(2026,1,1)']),
    ]
    const random = generator(20261123)
    let refused = 0
    const before = process.memoryUsage().rss
    const begin = performance.now()
    for (let round = 0; round < 20_000; round++) {
      const bytes = round % 2 === 0 ? mutate(seeds[round % seeds.length] as Buffer, random) : noise(random)
      try {
        decodeValue(bytes, 'value')
      } catch (error) {
        if (!(error instanceof PayloadError))
          throw new Error(`at ${bytes.toString('hex').slice(0, 200)}`, { cause: error })
        refused++
      }
    }
    expect(refused).toBeGreaterThan(1000)
    expect(performance.now() - begin).toBeLessThan(25_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(500 * 1024 * 1024)
  })

  it('does not let a small pickle take much memory', () => {
    for (const code of [0x5d, 0x7d, 0x29, 0x8f, 0x28, 0x4e]) {
      const bytes = Buffer.concat([Buffer.from([0x80, 4]), Buffer.alloc(20_000_000, code), Buffer.from('.')])
      expect(() => readPickle(bytes)).toThrow(PayloadError)
    }
  })
})

describe('writing pickles', () => {
  const VALUES = [
    null,
    true,
    false,
    0,
    -1,
    255,
    70_000,
    2 ** 31,
    -(2 ** 40),
    2 ** 53 - 1,
    0.5,
    1e300,
    '',
    'naïve 🐎',
    'x'.repeat(300),
    [],
    [1, [2]],
    {},
    { a: { b: null } },
  ]

  it('gives Python what JSON said', () => {
    expect(unpickled(VALUES.map((value) => encodeValue(JSON.stringify(value), 'pickle')))).toEqual(VALUES)
  })

  it('comes back as it was', () => {
    for (const value of [...VALUES, 'lone \ud800']) {
      const bytes = encodeValue(JSON.stringify(value), 'pickle')
      expect(JSON.parse(decodeValue(bytes, 'value'))).toEqual(value)
    }
  })

  it('gives Python a call', () => {
    const call = encodeCall('tasks.add', '[1,{"b":2}]', 'pickle')
    expect(unpickled([call])).toEqual([['tasks.add', null, [1, { b: 2 }], {}]])
    expect(decodeCall(call)).toEqual({ name: 'tasks.add', args: '[1,{"b":2}]', serializer: 'pickle' })
  })
})

/** Numbers from 0 to 1 that are the same in every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function mutate(seed: Buffer, random: () => number): Buffer {
  const bytes = Buffer.from(seed.subarray(0, 1 + Math.floor(random() * Math.min(seed.length, 400))))
  const changes = 1 + Math.floor(random() * 6)
  for (let change = 0; change < changes; change++)
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
  return random() < 0.5 ? Buffer.concat([bytes, Buffer.from('.')]) : bytes
}

function noise(random: () => number): Buffer {
  const bytes = Buffer.alloc(2 + Math.floor(random() * 60), 0)
  for (let index = 2; index < bytes.length; index++) bytes[index] = Math.floor(random() * 256)
  bytes[0] = 0x80
  bytes[1] = 4
  return bytes
}
