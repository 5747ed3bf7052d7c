import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { explainForkAvailability, loadNative } from '../../src/worker/isolation/fork/load-native.ts'

const native = loadNative()
const opened: number[] = []
const fixtures: ChildProcess[] = []

afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor)
  for (const fixture of fixtures.splice(0)) fixture.kill('SIGKILL')
})

function pair(type: 'stream' | 'seqpacket'): [number, number] {
  const ends = native.socketPair(type)
  opened.push(...ends)
  return ends
}

function memoryFile(): number {
  const descriptor = native.memoryFile('test')
  opened.push(descriptor)
  return descriptor
}

const FLAGS = ['--single-threaded', '--v8-pool-size=0', '--expose-gc']

function startFixture(name: string, ...args: readonly (string | number)[]) {
  const availability = explainForkAvailability()
  if (!availability.available) throw new Error(availability.reason)
  const script = fileURLToPath(new URL(`fixtures/native/${name}`, import.meta.url))
  const fixture = spawn(process.execPath, [...FLAGS, script, availability.path, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  fixtures.push(fixture)
  return fixture
}

/** Runs a fixture to its end and gives the lines it told. */
async function tellings(name: string, ...args: readonly (string | number)[]): Promise<unknown[]> {
  const fixture = startFixture(name, ...args)
  let output = ''
  let errors = ''
  fixture.stdout.on('data', (chunk) => (output += chunk))
  fixture.stderr.on('data', (chunk) => (errors += chunk))
  const code = await new Promise((resolve) => fixture.on('close', resolve))
  if (code !== 0) throw new Error(`the fixture ended with ${code}: ${errors}`)
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

/** The matrix takes many more: what goes wrong in a fork goes wrong rarely. */
const FORKS = Number(process.env['WORKHORSE_TEST_FORKS'] ?? 24)

const scenario = (name: string) => tellings('scenarios.mjs', name)

describe('fork', () => {
  test.each([
    { forks: FORKS, heapMb: 15, memory: 'as it is' },
    { forks: FORKS, heapMb: 200, memory: 'frozen' },
  ])('$forks children do what Node can do, with $heapMb MB of heap, $memory', { timeout: 240_000 }, async (it) => {
    const server = createServer((_, response) => response.end('served')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.on('listening', resolve))
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      const [told] = await tellings('many-forks.mjs', it.forks, it.heapMb, it.memory, url)
      expect(told).toMatchObject({ forks: it.forks, failures: [], heapIntact: true })
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test('gives the child its real pid', async () => {
    expect(await scenario('real pid')).toEqual([true])
  })

  test('gives the child an empty signal mask and the old SIGCHLD disposition', async () => {
    const [zygote, child] = await scenario('signals in the child')
    expect(zygote).toEqual({ blocked: false, childSignalCaught: true })
    expect(child).toEqual({ blocked: false, childSignalCaught: false })
  })

  test('is refused outside the main thread', async () => {
    expect(await scenario('fork outside the main thread')).toEqual(['EPERM'])
  })

  test('is refused while another thread runs, for it may hold a lock', async () => {
    expect(await scenario('fork beside a running thread')).toEqual(['EBUSY'])
  })

  test('lets the child die with its parent', { timeout: 20_000 }, async () => {
    const fixture = startFixture('scenarios.mjs', 'parent dies')
    await new Promise((resolve) => fixture.stdout.once('data', resolve))
    fixture.kill('SIGKILL')
    // The child holds the pipe open for as long as it lives.
    await new Promise((resolve) => fixture.stdout.on('close', resolve))
  })
})

describe('wait', () => {
  test('reports the exit code', async () => {
    expect(await scenario('exit code')).toMatchObject([{ exitCode: 7, signal: null }])
  })

  test('reports the signal', async () => {
    expect(await scenario('signal')).toMatchObject([{ exitCode: null, signal: 15 }])
  })

  test('reports what the child used', async () => {
    const [usage] = (await scenario('usage')) as [Record<string, number>]
    expect(usage['cpuUserMs']).toBeGreaterThanOrEqual(45)
    expect(usage['maxRssBytes']).toBeGreaterThan(5e6)
    expect(usage['minorFaults']).toBeGreaterThan(0)
    expect(Object.keys(usage).sort()).toEqual([
      'cpuSystemMs',
      'cpuUserMs',
      'exitCode',
      'involuntarySwitches',
      'majorFaults',
      'maxRssBytes',
      'minorFaults',
      'signal',
      'voluntarySwitches',
    ])
  })

  test('gives null while the child runs', async () => {
    expect(await scenario('still running')).toMatchObject([null, { signal: 9 }])
  })

  test('throws ECHILD for a process that is not a child', () => {
    expect(() => native.wait(1)).toThrow(expect.objectContaining({ code: 'ECHILD', syscall: 'wait4' }))
  })
})

describe('childSignal', () => {
  test('becomes readable at each end of a child, whatever other threads there are', { timeout: 20_000 }, async () => {
    expect(await scenario('every end is signalled')).toEqual([{ silent: 0 }])
  })
})

describe('process', () => {
  test('killGroup kills a grandchild', { timeout: 20_000 }, async () => {
    expect(await scenario('grandchild of a killed group')).toMatchObject([true, { signal: 9 }, { ended: true }])
  })

  test('killGroup says false for a group that is not there', async () => {
    expect(await scenario('group that is not there')).toEqual([false])
  })

  test('getPid is the pid', () => {
    expect(native.getPid()).toBe(process.pid)
  })

  test('setProcessName cuts a long name', async () => {
    expect(await scenario('process name')).toEqual(['a name of more'])
  })
})

describe('onLoopEmpty', () => {
  test('fires when all that is left is a promise that never settles', async () => {
    expect(await scenario('empty loop')).toEqual(['empty', 5])
  })

  test.each([
    ['a timer', 'timer'],
    ['an immediate', 'immediate'],
    ['a file request', 'read'],
    ['a closing socket', 'closed'],
  ])('waits for %s', async (what, told) => {
    expect(await scenario(`empty loop after ${what}`)).toEqual([told, 'empty', 5])
  })

  test('fires once', async () => {
    expect(await scenario('empty loop, told once')).toEqual([1])
  })

  test('hands what the callback throws to uncaughtException', async () => {
    expect(await scenario('empty loop, callback throws')).toEqual(['thrown in the callback', 0])
  })
})

describe('loopActivity', () => {
  test('counts a timer as a handle', () => {
    const before = native.loopActivity()
    const immediate = setImmediate(() => {})
    expect(native.loopActivity().handles).toBe(before.handles + 1)
    clearImmediate(immediate)
    expect(native.loopActivity()).toEqual(before)
  })
})

describe('packets', () => {
  test('arrive whole, one by one', () => {
    const [a, b] = pair('seqpacket')
    const large = Buffer.alloc(100_000, 'x')
    native.sendPacket(a, Buffer.from('first'), [])
    native.sendPacket(a, large, [])
    expect(native.receivePacket(b)).toEqual({ data: Buffer.from('first'), descriptors: [] })
    expect(native.receivePacket(b)?.data.equals(large)).toBe(true)
  })

  test('carry descriptors, which are close-on-exec', () => {
    const [a, b] = pair('seqpacket')
    const file = openSync('/etc/passwd', 'r')
    const other = openSync('/etc/group', 'r')
    native.sendPacket(a, Buffer.from('x'), [file, other])
    closeSync(file)
    closeSync(other)
    const { descriptors } = native.receivePacket(b) ?? { descriptors: [] }
    opened.push(...descriptors)
    expect(descriptors.map((descriptor) => readFileSync(descriptor, 'utf8'))).toEqual([
      readFileSync('/etc/passwd', 'utf8'),
      readFileSync('/etc/group', 'utf8'),
    ])
    for (const descriptor of descriptors) expect(openFlags(descriptor)).toMatch(/^02/)
  })

  test('give null when the other end is closed', () => {
    const [a, b] = native.socketPair('seqpacket')
    opened.push(b)
    closeSync(a)
    expect(native.receivePacket(b)).toBeNull()
  })

  test('are refused with EAGAIN when nobody reads them', () => {
    const [a] = pair('seqpacket')
    const fill = () => {
      for (;;) native.sendPacket(a, Buffer.alloc(10_000), [])
    }
    expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN', syscall: 'sendmsg' }))
  })

  test('throw EPIPE, and no signal, when the other end is closed', () => {
    const [a, b] = native.socketPair('seqpacket')
    opened.push(a)
    closeSync(b)
    expect(() => native.sendPacket(a, Buffer.from('x'), [])).toThrow(expect.objectContaining({ code: 'EPIPE' }))
  })
})

describe('serveForks', () => {
  test('carries out orders to fork and tells of births and deaths; leaves all other commands to its caller', async () => {
    expect(await scenario('orders to fork')).toEqual([
      { word: 'here', other: '{"type":"fork","horse":6,"more":1}', again: null },
      { type: 'forked', horse: 5, pid: true, forkMs: expect.any(Number) },
      {
        type: 'exited',
        horse: 5,
        pid: true,
        status: {
          exitCode: 3,
          signal: null,
          cpuUserMs: expect.any(Number),
          cpuSystemMs: expect.any(Number),
          maxRssBytes: expect.any(Number),
          minorFaults: expect.any(Number),
          majorFaults: expect.any(Number),
          voluntarySwitches: expect.any(Number),
          involuntarySwitches: expect.any(Number),
        },
      },
      [null, []],
    ])
  })
})

describe('frames', () => {
  test('arrive as they were sent, one at a time, of any size', () => {
    const [a, b] = pair('stream')
    native.sendFrame(a, '{"type":"first"}', '')
    native.sendFrame(a, '', 'zwölf 🐎')
    expect(native.receiveFrame(b)).toEqual(['{"type":"first"}', ''])
    expect(native.receiveFrame(b)).toEqual(['', 'zwölf 🐎'])
    const body = 'x'.repeat(100_000)
    native.sendFrame(a, 'large', body)
    expect(native.receiveFrame(b)).toEqual(['large', body])
  })

  test('end with the stream, also in the midst of one', () => {
    const [a, b] = native.socketPair('stream')
    writeSync(a, Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 120]))
    closeSync(a)
    expect(native.receiveFrame(b)).toBeNull()
    expect(native.receiveFrame(b)).toBeNull()
    closeSync(b)
  })

  test('trySendFrame gives back what did not fit', () => {
    const [a, b] = pair('stream')
    const body = 'x'.repeat(10_000_000)
    const rest = native.trySendFrame(a, 'header', body)
    expect(rest?.length).toBeGreaterThan(1_000_000)
    const read = Buffer.alloc(20)
    readSync(b, read, 0, 14, null)
    expect(read.toString('latin1', 8, 14)).toBe('header')
    expect(native.trySendFrame(b, 'small', '')).toBeNull()
  })
})

describe('watchReadable', () => {
  test('hands over what comes, then the end, once', async () => {
    const [a, b] = native.socketPair('stream')
    const chunks: (string | null)[] = []
    const ended = new Promise<void>((resolve) => {
      native.watchReadable(b, (chunk) => {
        chunks.push(chunk === null ? null : chunk.toString())
        if (chunk === null) resolve()
        else if (chunks.length === 1) closeSync(a)
      })
    })
    writeSync(a, 'hello')
    await ended
    expect(chunks).toEqual(['hello', null])
    closeSync(b)
  })

  test('hands over the last words of one that has left something unread', async () => {
    const [a, b] = native.socketPair('stream')
    writeSync(b, 'a command')
    writeSync(a, 'last words')
    closeSync(a)
    const chunks: (string | null)[] = []
    await new Promise<void>((resolve) => {
      native.watchReadable(b, (chunk) => {
        chunks.push(chunk === null ? null : chunk.toString())
        if (chunk === null) resolve()
      })
    })
    expect(chunks).toEqual(['last words', null])
    closeSync(b)
  })

  test('is silent after unwatch, and its descriptor can be watched again', async () => {
    const [a, b] = pair('stream')
    native.watchReadable(b, () => {
      throw new Error('it was not to be called any more')
    })
    writeSync(a, 'x')
    native.unwatch(b)
    native.unwatch(b)
    const chunk = await new Promise((resolve) => native.watchReadable(b, resolve))
    expect(chunk).toEqual(Buffer.from('x'))
    native.unwatch(b)
  })
})

describe('pollReadable', () => {
  test('gives those that have something to read', () => {
    const [a, b] = pair('stream')
    const [c, d] = pair('stream')
    expect(native.pollReadable([b, d], 0)).toEqual([])
    writeSync(a, 'x')
    expect(native.pollReadable([b, d], -1)).toEqual([b])
    writeSync(c, 'x')
    expect(native.pollReadable([b, d], -1)).toEqual([b, d])
  })

  test('counts an end of stream and a descriptor that is not open', () => {
    const [a, b] = native.socketPair('stream')
    opened.push(b)
    closeSync(a)
    expect(native.pollReadable([b, 1_000_000], -1)).toEqual([b, 1_000_000])
  })
})

describe('descriptors', () => {
  test('memoryFile appends, and is closed at exec', () => {
    const descriptor = memoryFile()
    writeSync(descriptor, 'one ', 0)
    writeSync(descriptor, 'two', 0)
    expect(readFileSync(`/proc/self/fd/${descriptor}`, 'utf8')).toBe('one two')
    expect(openFlags(descriptor)).toBe('02102002')
  })

  test('discard frees a part of a file and leaves zeros', () => {
    const descriptor = memoryFile()
    writeSync(descriptor, Buffer.alloc(64 * 4096, 'x'))
    const { blocks } = fstatSync(descriptor)
    native.discard(descriptor, 0, 32 * 4096)
    expect(fstatSync(descriptor).blocks).toBe(blocks / 2)
    const byte = Buffer.from('?')
    readSync(descriptor, byte, 0, 1, 0)
    expect(byte[0]).toBe(0)
  })

  test('listDescriptors names what is open, and its kind', () => {
    const [socket] = pair('stream')
    const file = openSync('/etc/passwd', 'r')
    const directory = openSync('/etc', 'r')
    opened.push(file, directory)
    const list = native.listDescriptors()
    expect(list).toContainEqual({ fd: socket, target: expect.stringMatching(/^socket:/), kind: 'socket' })
    expect(list).toContainEqual({ fd: file, target: '/etc/passwd', kind: 'file' })
    expect(list).toContainEqual({ fd: directory, target: '/etc', kind: 'directory' })
    expect(list).toContainEqual(expect.objectContaining({ target: 'anon_inode:[eventpoll]', kind: 'anonymous' }))
    expect(list.every(({ target }) => !target.startsWith(`/proc/${process.pid}`))).toBe(true)
  })

  test('listThreads names the threads', () => {
    expect(native.listThreads()).toContainEqual({ tid: process.pid, name: expect.any(String) })
  })
})

describe('random', () => {
  test('gives as many bytes as asked for, others each time', () => {
    expect(native.random(1)).toHaveLength(1)
    expect(native.random(256)).toHaveLength(256)
    expect(native.random(32)).not.toEqual(native.random(32))
  })
})

describe('a wrong argument is refused in a sentence', () => {
  const wrong = native as unknown as Record<string, (...args: unknown[]) => unknown>

  const cases: [string, unknown[], string][] = [
    ['wait', ['one'], "wait(): pid must be an integer from 1 to 2147483647, but it is the string 'one'"],
    ['wait', [], 'wait(): pid must be an integer from 1 to 2147483647, but it is undefined'],
    ['wait', [1.5], 'wait(): pid must be an integer from 1 to 2147483647, but it is 1.5'],
    ['exit', [256], 'exit(): code must be an integer from 0 to 255, but it is 256'],
    ['exit', [Number.NaN], 'exit(): code must be an integer from 0 to 255, but it is NaN'],
    ['killGroup', [1, 9], 'killGroup(): group must be an integer from 2 to 2147483647, but it is 1'],
    ['killGroup', [2, 'TERM'], "killGroup(): signal must be an integer from 0 to 64, but it is the string 'TERM'"],
    ['setParentDeathSignal', [-1], 'setParentDeathSignal(): signal must be an integer from 0 to 64, but it is -1'],
    ['setProcessName', [null], 'setProcessName(): name must be a string, but it is null'],
    [
      'setProcessGroup',
      [0, {}],
      'setProcessGroup(): group must be an integer from 0 to 2147483647, but it is an object',
    ],
    ['socketPair', ['dgram'], "socketPair(): type must be 'stream' or 'seqpacket', but it is the string 'dgram'"],
    ['memoryFile', [Symbol('x')], 'memoryFile(): name must be a string, but it is a symbol'],
    ['discard', [0, -1, 1], 'discard(): offset must be an integer from 0 to 9007199254740991, but it is -1'],
    [
      'sendPacket',
      [0, 'x', []],
      "sendPacket(): data must be a Uint8Array of at least one byte, but it is the string 'x'",
    ],
    [
      'sendPacket',
      [0, new Uint8Array(0), []],
      'sendPacket(): data must be a Uint8Array of at least one byte, but it is an object',
    ],
    [
      'sendPacket',
      [0, new Uint8Array(1), [0, true]],
      'sendPacket(): descriptors[1] must be an integer from 0 to 2147483647, but it is true',
    ],
    ['receivePacket', [-1], 'receivePacket(): socket must be an integer from 0 to 2147483647, but it is -1'],
    ['pollReadable', [0, 0], 'pollReadable(): descriptors must be an array of at most 1024 descriptors, but it is 0'],
    ['pollReadable', [[], -2], 'pollReadable(): timeoutMs must be an integer from -1 to 2147483647, but it is -2'],
    [
      'drainChildSignal',
      [10n],
      'drainChildSignal(): descriptor must be an integer from 0 to 2147483647, but it is a bigint',
    ],
    ['serveForks', [3, -1, 4], 'serveForks(): notices must be an integer from 0 to 2147483647, but it is -1'],
    ['servedPid', ['x'], "servedPid(): horse must be an integer from 0 to 9007199254740991, but it is the string 'x'"],
    [
      'becomeOwnProcess',
      [1, 'name', [1], [], 'title'],
      'becomeOwnProcess(): output must be two descriptors, but it is an object',
    ],
    ['receiveFrame', [-1], 'receiveFrame(): descriptor must be an integer from 0 to 2147483647, but it is -1'],
    ['sendFrame', [0, 'header'], 'sendFrame(): body must be a string, but it is undefined'],
    ['trySendFrame', [0, {}, ''], 'trySendFrame(): header must be a string, but it is an object'],
    ['watchReadable', [0, 'x'], "watchReadable(): callback must be a function, but it is the string 'x'"],
    ['random', [257], 'random(): length must be an integer from 1 to 256, but it is 257'],
    ['onLoopEmpty', [1, null], 'onLoopEmpty(): callback must be a function, but it is null'],
  ]

  test.each(cases.map(([name, args, message]) => ({ name, args, message })))('$message', ({ name, args, message }) => {
    expect(() => wrong[name]?.(...args)).toThrow(expect.objectContaining({ name: 'TypeError', message }))
  })
})

describe('a failed call is an error of the system', () => {
  test.each([
    ['receiveFrame', () => native.receiveFrame(1_000_000), 'EBADF', 'read'],
    ['sendFrame', () => native.sendFrame(1_000_000, '', ''), 'EBADF', 'write'],
    ['trySendFrame', () => native.trySendFrame(1_000_000, '', ''), 'EBADF', 'send'],
    ['watchReadable', () => native.watchReadable(1_000_000, () => {}), 'EBADF', 'uv_poll_init'],
    ['drainChildSignal', () => native.drainChildSignal(1_000_000), 'EBADF', 'read'],
    ['setProcessGroup', () => native.setProcessGroup(1, 1), 'ESRCH', 'setpgid'],
    ['discard', () => native.discard(1_000_000, 0, 1), 'EBADF', 'fallocate'],
  ])('%s', (_name, call, code, syscall) => {
    expect(call).toThrow(expect.objectContaining({ code, syscall, errno: expect.any(Number) }))
  })
})

function openFlags(descriptor: number): string {
  return /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? ''
}

describe('sampler', () => {
  test('is made ready once, and samples what runs from its start to its end', () => {
    expect(native.prepareSampler()).toBe(true)
    expect(native.prepareSampler()).toBe(true)
    const before = Number(process.hrtime.bigint() / 1000n)
    native.startSampler(1000)
    spin()
    const profile = JSON.parse(native.stopSampler()) as {
      nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
      samples: number[]
      timeDeltas: number[]
      startTime: number
      endTime: number
    }
    expect(profile.startTime).toBeGreaterThanOrEqual(before)
    expect(profile.endTime).toBeGreaterThan(profile.startTime)
    expect(profile.timeDeltas).toHaveLength(profile.samples.length)
    const ids = new Set(profile.nodes.map(({ id }) => id))
    expect(profile.samples.every((id) => ids.has(id))).toBe(true)
    const found = profile.nodes.find(({ callFrame }) => callFrame.functionName === 'spin')
    expect(found?.callFrame.url).toMatch(/native\.test\.ts$/)
    native.dismissSampler()
  })

  test('refuses to start or stop where it is not ready', () => {
    expect(() => native.startSampler(1000)).toThrow(/prepareSampler\(\) has not been called/)
    expect(() => native.stopSampler()).toThrow(/there is no sampler/)
    expect(() => native.startSampler(0)).toThrow(TypeError)
  })

  function spin(): void {
    const until = process.hrtime.bigint() + 100_000_000n
    while (process.hrtime.bigint() < until);
  }
})
