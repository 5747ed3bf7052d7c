import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Broker, Maintenance } from '../../src/broker/broker.ts'
import { ServerClockWatch } from '../../src/broker/redis/server-clock-watch.ts'
import { LeaseClock, SYSTEM_CLOCKS } from '../../src/broker/sqlite/lease-clock.ts'
import { openConnection } from '../../src/broker/sqlite/open.ts'
import { Upkeep } from '../../src/worker/supervisor/upkeep.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Clocks that go as the test says. */
function clocks(boot: string | undefined) {
  const state = { wall: 1_000_000, monotonic: 5000 }
  return { state, boot, wall: () => state.wall, monotonic: () => state.monotonic }
}

async function file() {
  const connection = await openConnection({ file: `${await temporaryDirectory()}/jobs.db`, synchronous: 'normal' })
  onTestFinished(() => connection.close())
  return connection
}

describe('the clock of leases in a file', () => {
  it('goes on evenly when the time of day is set, and is the same for whoever comes later', async () => {
    const connection = await file()
    const mine = clocks('boot-1')
    const first = new LeaseClock(mine)
    await first.start(connection)
    expect(first.now()).toBe(1_000_000)
    mine.state.wall += 3_600_000
    mine.state.monotonic += 10
    const second = new LeaseClock(mine)
    await second.start(connection)
    expect([first.now(), second.now()]).toEqual([1_000_010, 1_000_010])
  })

  it('begins anew from the time of day when the machine has come up again', async () => {
    const connection = await file()
    await new LeaseClock(clocks('boot-1')).start(connection)
    const later = clocks('boot-2')
    Object.assign(later.state, { wall: 2_000_000, monotonic: 7 })
    const clock = new LeaseClock(later)
    await clock.start(connection)
    expect(clock.now()).toBe(2_000_000)
  })

  it('is the time of day where the system does not name its boots', async () => {
    const clock = new LeaseClock(clocks(undefined))
    await clock.start(await file())
    expect(clock.now()).toBe(1_000_000)
  })

  it('is read from a clock that does not begin with the process', () => {
    expect(SYSTEM_CLOCKS.monotonic()).toBeGreaterThan(performance.now())
  })
})

describe('the time of a Redis server', () => {
  it('that jumps ends no lease until living workers have renewed theirs', () => {
    let now = 0
    const watch = new ServerClockWatch(() => now)
    const see = (passed: number, server: number): boolean => {
      now += passed
      watch.saw(server)
      return watch.isSettled
    }
    expect(see(0, 1000)).toBe(true)
    // A reply that was under way for a while is no jump.
    expect(see(2500, 4000)).toBe(true)
    expect(see(2500, 3_606_000)).toBe(false)
    expect(see(14_000, 3_620_000)).toBe(false)
    expect(see(2000, 3_622_000)).toBe(true)
    expect(see(2500, 24_500)).toBe(false)
  })
})

describe('the upkeep of a supervisor', () => {
  it.each([
    ['ahead of', 3_600_000],
    ['behind', -3_600_000],
  ])('looks no more often where its own clock is %s that of the broker', async (_where, jumpMs) => {
    const brokerNow = Date.now()
    const report: Maintenance = {
      promoted: 0,
      reclaimed: [],
      poisoned: [],
      expired: 0,
      at: brokerNow,
      nextDueAt: brokerNow + 60_000,
    }
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    vi.setSystemTime(brokerNow + jumpMs)
    const maintain = vi.fn(async () => report)
    const upkeep = new Upkeep({ maintain } as unknown as Broker, { renewMs: 5000, maintainMs: 2500 }, 3, {
      workMayExist: () => {},
      maintained: () => {},
      failed: (error) => expect.unreachable(String(error)),
      beat: async () => {},
    })
    await upkeep.start()
    await vi.advanceTimersByTimeAsync(10_100)
    await upkeep.stop()
    expect(maintain).toHaveBeenCalledTimes(5)
  })
})
