import { describe, expect, it } from 'vitest'
import { TurnQueue } from '../../src/broker/sqlite/turn-queue.ts'
import { BrokerUnavailableError } from '../../src/errors.ts'

const busy = () => Object.assign(new Error('database is locked'), { errcode: 5 })

/** An attempt that is busy until `free` is called. */
function locked<T>(value: T) {
  let isFree = false
  let tries = 0
  return {
    free: () => {
      isFree = true
    },
    tries: () => tries,
    attempt: () => {
      tries++
      if (!isFree) throw busy()
      return value
    },
  }
}

describe('TurnQueue', () => {
  it('runs at once what finds no one in its way', async () => {
    const turns = new TurnQueue('jobs.db')
    let ran = false
    const taken = turns.take('work', () => {
      ran = true
      return 7
    })
    expect(ran).toBe(true)
    expect(await taken).toBe(7)
  })

  it('passes other errors on, at once and in the line', async () => {
    const turns = new TurnQueue('jobs.db')
    const fail = () => {
      throw new TypeError('no')
    }
    await expect(turns.take('work', fail)).rejects.toThrow(TypeError)
    const first = locked('first')
    const waiting = turns.take('work', first.attempt)
    const failing = expect(turns.take('work', fail)).rejects.toThrow(TypeError)
    const behind = turns.take('work', () => 'behind')
    first.free()
    expect(await waiting).toBe('first')
    await failing
    expect(await behind).toBe('behind')
  })

  it.each([
    ['node:sqlite', { errcode: 5 }],
    ['node:sqlite, extended', { errcode: 517 }],
    ['libsql', { code: 'SQLITE_BUSY', rawCode: 5 }],
    ['libsql, extended', { code: 'SQLITE_BUSY_RECOVERY', rawCode: 261 }],
    ['a locked table', { errcode: 6 }],
    ['a race to begin', { errcode: 15 }],
    ['nothing but a message', {}],
  ])('tries again on the busy error of %s', async (_, fields) => {
    const turns = new TurnQueue('jobs.db')
    let tries = 0
    const value = await turns.take('work', () => {
      if (++tries < 4) throw Object.assign(new Error('database is locked'), fields)
      return 'done'
    })
    expect(value).toBe('done')
  })

  it('keeps the order asked for', async () => {
    const turns = new TurnQueue('jobs.db')
    const order: number[] = []
    const first = locked(0)
    const all = [first.attempt, ...[1, 2, 3, 4].map((n) => () => n)].map((attempt) =>
      turns.take('work', () => {
        const n = attempt()
        order.push(n)
        return n
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(order).toEqual([])
    first.free()
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4])
    expect(order).toEqual([0, 1, 2, 3, 4])
  })

  it('lets the event loop run while it waits', async () => {
    const turns = new TurnQueue('jobs.db')
    const first = locked('done')
    const waiting = turns.take('work', first.attempt)
    setTimeout(first.free, 30)
    expect(await waiting).toBe('done')
    expect(first.tries()).toBeGreaterThan(3)
  })

  it('says who waited for what when patience ends, and goes on', async () => {
    const turns = new TurnQueue('/data/jobs.db', 40)
    const begin = performance.now()
    const attempt = turns.take('claim jobs', locked(1).attempt)
    await expect(attempt).rejects.toThrow(BrokerUnavailableError)
    await expect(attempt).rejects.toThrow(
      /^claim jobs: \/data\/jobs\.db stayed locked by another process for 0\.04 s; see/,
    )
    expect(performance.now() - begin).toBeGreaterThanOrEqual(40)
    expect(await turns.take('work', () => 'free again')).toBe('free again')
  })

  it('does not count time in which the machine slept', async () => {
    const turns = new TurnQueue('jobs.db', 250)
    const first = locked('done')
    const waiting = turns.take('work', first.attempt)
    await new Promise((resolve) => setTimeout(resolve, 10))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
    setTimeout(first.free, 30)
    expect(await waiting).toBe('done')
  })

  it('has patience with each caller of its own', async () => {
    const turns = new TurnQueue('jobs.db', 60)
    const gone = expect(turns.take('early', locked(1).attempt)).rejects.toThrow('early')
    const late = locked('late')
    await new Promise((resolve) => setTimeout(resolve, 30))
    const waiting = turns.take('late', late.attempt)
    await gone
    late.free()
    expect(await waiting).toBe('late')
  })

  it('rejects everything that waits when closed', async () => {
    const turns = new TurnQueue('jobs.db')
    const waiting = [1, 2].map((n) => expect(turns.take('work', locked(n).attempt)).rejects.toThrow('closed'))
    turns.close(() => new Error('closed'))
    await Promise.all(waiting)
  })
})
