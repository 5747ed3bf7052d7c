import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Broker, ExecutionOutcome } from '../../src/broker/broker.ts'
import { parseFlagValue } from '../../src/cli/flag-value.ts'
import { FLAGS } from '../../src/cli/flags.ts'
import { StandbySize } from '../../src/worker/isolation/fork/standby-size.ts'
import { Autoscaler } from '../../src/worker/supervisor/autoscaler.ts'
import { readFreeMemory } from '../../src/worker/supervisor/free-memory.ts'
import { decideSlots, type SlotFacts } from '../../src/worker/supervisor/slot-decision.ts'
import { resolveWorkerOptions } from '../../src/worker/supervisor/worker-options.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const MB = 2 ** 20
const GB = 2 ** 30

/** Four slots of two to sixteen, all busy, with jobs waiting. */
function decide(facts: Partial<SlotFacts> = {}) {
  return decideSlots({
    slots: 4,
    least: 2,
    most: 16,
    busy: 4,
    peakBusy: 4,
    waiting: 100,
    oldestMs: 1000,
    arrivalsPerSecond: 0,
    serviceMs: 1000,
    sinceChangeMs: 60_000,
    memory: { availableBytes: 8 * GB, limitBytes: 16 * GB },
    bytesPerSlot: 32 * MB,
    ...facts,
  })
}

describe('the number of slots', () => {
  it('grows where jobs wait and every slot is busy, and says why', () => {
    expect(decide()).toEqual({ slots: 8, reason: '100 jobs wait, the first for 1.0 s' })
    expect(decide({ waiting: 1 })?.reason).toContain('1 job waits')
  })

  it('stays where a slot is free, where nobody has waited for long, or where there are as many as there may be', () => {
    expect(decide({ busy: 3 })).toBeUndefined()
    expect(decide({ oldestMs: 100 })).toBeUndefined()
    expect(decide({ waiting: 0, oldestMs: 0 })).toBeUndefined()
    expect(decide({ slots: 16, busy: 16, peakBusy: 16 })).toBeUndefined()
  })

  it('grows by what arrivals and service time call for, by one at least, twofold at most', () => {
    // 2 a second for 2.5 s each need five.
    expect(decide({ arrivalsPerSecond: 2, serviceMs: 2500, waiting: 1 })?.slots).toBe(6)
    expect(decide({ arrivalsPerSecond: 0.1, serviceMs: 10, waiting: 1 })?.slots).toBe(5)
    expect(decide({ arrivalsPerSecond: 1000, serviceMs: 1000 })?.slots).toBe(8)
    expect(decide({ serviceMs: undefined, waiting: 1 })?.slots).toBe(8)
    expect(decide({ slots: 10, busy: 10, arrivalsPerSecond: 1000 })?.slots).toBe(16)
  })

  it('does not grow where memory is short, and grows no further than it lasts', () => {
    const of = (availableBytes: number) => decide({ memory: { availableBytes, limitBytes: 16 * GB } })?.slots
    expect(of(400 * MB)).toBeUndefined()
    expect(of(512 * MB + 31 * MB)).toBeUndefined()
    expect(of(512 * MB + 70 * MB)).toBe(6)
    // What is kept back is a tenth in a small container.
    expect(decide({ memory: { availableBytes: 300 * MB, limitBytes: GB } })?.slots).toBe(8)
  })

  it('sinks by one where hardly any memory is left, and waits for what that brings', () => {
    const memory = { availableBytes: 100 * MB, limitBytes: 16 * GB }
    expect(decide({ memory })).toEqual({ slots: 3, reason: 'only 100.0 MB of memory are available' })
    expect(decide({ memory, sinceChangeMs: 4000 })).toBeUndefined()
    expect(decide({ memory, slots: 2, busy: 2 })).toBeUndefined()
  })

  it('sinks late, to what was needed and one to spare, by half at most and never below the least', () => {
    const idle = { slots: 16, busy: 0, waiting: 0, oldestMs: 0 }
    expect(decide({ ...idle, peakBusy: 11 })).toEqual({ slots: 12, reason: 'no more than 11 were busy for 30.0 s' })
    expect(decide({ ...idle, peakBusy: 1 })).toEqual({ slots: 8, reason: 'no more than 1 was busy for 30.0 s' })
    expect(decide({ ...idle, slots: 3, peakBusy: 0 })?.slots).toBe(2)
    expect(decide({ ...idle, slots: 2, peakBusy: 0 })).toBeUndefined()
    expect(decide({ ...idle, peakBusy: 15 })).toBeUndefined()
    expect(decide({ ...idle, peakBusy: 1, sinceChangeMs: 29_000 })).toBeUndefined()
  })
})

describe('the autoscaler', () => {
  function scaler(backlog: { waiting: number; oldestMs: number }) {
    vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const changes: string[] = []
    const running: { begunAt: number }[] = []
    const queueBacklog = vi.fn(async () => backlog)
    const autoscaler = new Autoscaler(
      { queueBacklog } as unknown as Broker,
      ['default'],
      { min: 1, max: 4 },
      {
        running: () => running,
        changed: (from, { slots }) => void changes.push(`${from} to ${slots}`),
        failed: (error) => expect.unreachable(String(error)),
      },
      () => ({ availableBytes: 8 * GB, limitBytes: 16 * GB }),
    )
    autoscaler.start()
    onTestFinished(() => autoscaler.stop())
    const begin = (): void => {
      running.push({ begunAt: performance.now() })
      autoscaler.began(running.length)
    }
    return { autoscaler, changes, running, queueBacklog, begin }
  }

  it('follows the jobs up, and down again when they have been gone for a while', async () => {
    const backlog = { waiting: 9, oldestMs: 5000 }
    const { autoscaler, changes, running, begin } = scaler(backlog)
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    begin()
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    expect(changes).toEqual(['1 to 2', '2 to 4'])
    running.length = 0
    Object.assign(backlog, { waiting: 0, oldestMs: 0 })
    await vi.advanceTimersByTimeAsync(25_000)
    expect(autoscaler.slots).toBe(4)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(changes).toEqual(['1 to 2', '2 to 4', '4 to 2', '2 to 1'])
  })

  it('asks the broker nothing while nothing runs, and nothing at all where the number is fixed', async () => {
    const { queueBacklog } = scaler({ waiting: 0, oldestMs: 0 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(queueBacklog).not.toHaveBeenCalled()
  })

  it('grows more slowly where jobs take much memory', async () => {
    const { autoscaler, changes, begin } = scaler({ waiting: 9, oldestMs: 5000 })
    const memory = { inheritedBytes: 0, peakIncrementBytes: 7 * GB }
    autoscaler.ended({
      type: 'canceled',
      jobId: 'a',
      executionId: 'b',
      bill: { wallMs: 1000, memory },
    } as ExecutionOutcome)
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    expect(changes).toEqual(['1 to 2', '2 to 3'])
  })
})

describe('the memory that is free', () => {
  async function root(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await temporaryDirectory()
    const all = { 'proc/meminfo': 'MemTotal:       16777216 kB\nMemAvailable:    8388608 kB\n', ...files }
    for (const [name, text] of Object.entries(all)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    return folder
  }

  it("is the machine's, where no control group leaves less", async () => {
    const folder = await root({ 'proc/self/cgroup': '0::/\n' })
    expect(readFreeMemory(folder)).toEqual({ availableBytes: 8 * GB, limitBytes: 16 * GB })
  })

  it('is what the narrowest control group leaves, without what only holds files', async () => {
    const folder = await root({
      'proc/self/cgroup': '0::/work.slice/one.service\n',
      'sys/fs/cgroup/work.slice/memory.max': `${2 * GB}\n`,
      'sys/fs/cgroup/work.slice/memory.current': `${1.5 * GB}\n`,
      'sys/fs/cgroup/work.slice/memory.stat': `anon 1\ninactive_file ${256 * MB}\nactive_file 3\n`,
      'sys/fs/cgroup/work.slice/one.service/memory.max': 'max\n',
      'sys/fs/cgroup/work.slice/one.service/memory.current': `${GB}\n`,
    })
    expect(readFreeMemory(folder)).toEqual({ availableBytes: 768 * MB, limitBytes: 2 * GB })
  })

  it('knows the files of control groups of version 1, also where a container cannot see its own path', async () => {
    const folder = await root({
      'proc/self/cgroup': '9:name=systemd:/\n4:memory:/docker/4711\n0::/\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': `${GB}\n`,
      'sys/fs/cgroup/memory/memory.usage_in_bytes': `${GB - 64 * MB}\n`,
      'sys/fs/cgroup/memory/memory.stat': `total_inactive_file ${32 * MB}\n`,
    })
    expect(readFreeMemory(folder)).toEqual({ availableBytes: 96 * MB, limitBytes: GB })
  })

  it('is known on this machine', () => {
    const { availableBytes, limitBytes } = readFreeMemory()
    expect(availableBytes).toBeGreaterThan(0)
    expect(limitBytes).toBeGreaterThanOrEqual(availableBytes)
  })
})

describe('the horses that stand by', () => {
  /** `left` of each job: how many are ready after it took one. */
  function size(standby: number | 'auto', most: number, ...rounds: readonly (readonly number[])[]): number {
    const size = new StandbySize(standby, most)
    for (const round of rounds) {
      for (const left of round) size.took(left)
      size.settle()
    }
    return size.wanted
  }

  it('are as many as there are slots at first, and few when nothing comes', () => {
    expect(size('auto', 8)).toBe(8)
    expect(size('auto', 8, [])).toBe(1)
  })

  it('are as many as have come together', () => {
    expect(size('auto', 8, [7, 6, 5], [4, 2, 3])).toBe(3)
    expect(size('auto', 8, [], [0])).toBe(1)
  })

  it('are twice as many where a job had to wait for one, and never more than slots', () => {
    expect(size('auto', 8, [], [0, -1])).toBe(2)
    expect(size('auto', 3, [], [-1], [-1], [-1])).toBe(3)
  })

  it('are the given number, whatever comes', () => {
    expect(size(5, 2, [4, 0, -1], [], [])).toBe(5)
  })
})

describe('slots on the command line and in the config file', () => {
  it('are a number, or two', () => {
    const parse = (text: string) => parseFlagValue('--concurrency', FLAGS.concurrency, text)
    expect([parse('4'), parse('2..8')]).toEqual([4, { min: 2, max: 8 }])
    for (const text of ['0', '8..2', '2..', '2.5', 'many']) {
      expect(() => parse(text)).toThrow(
        `--concurrency: expected a whole number of at least 1, or two as 2..8, the larger last, got '${text}'`,
      )
    }
    expect(parseFlagValue('--standby', FLAGS.standby, 'auto')).toBe('auto')
    expect(() => parseFlagValue('--standby', FLAGS.standby, 'some')).toThrow("or 'auto', got 'some'")
  })

  it('are refused where they make no sense', () => {
    expect(resolveWorkerOptions({ concurrency: { min: 2, max: 8 } }).slots).toEqual({ min: 2, max: 8 })
    expect(() => resolveWorkerOptions({ concurrency: { min: 0, max: 2 } })).toThrow('option concurrency.min: expected')
    expect(() => resolveWorkerOptions({ concurrency: { min: 3, max: 2 } })).toThrow(
      'option concurrency.max: expected a whole number of at least 3, got 2',
    )
    expect(() => resolveWorkerOptions({ concurrency: { min: 3, maximum: 2 } as never })).toThrow("'maximum'")
  })
})
