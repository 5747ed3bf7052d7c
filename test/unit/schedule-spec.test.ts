import { describe, expect, it } from 'vitest'
import type { ScheduleRecord } from '../../src/broker/schedule.ts'
import { UsageError } from '../../src/errors.ts'
import { nextTime, parseWhen, type ScheduleWhen } from '../../src/scheduler/spec.ts'
import { planTick } from '../../src/scheduler/tick.ts'

/** The next times after `from`, as ISO text. */
function times(when: ScheduleWhen, from: string, count: number): string[] {
  const spec = parseWhen('s', when)
  const found: string[] = []
  let at = Date.parse(from)
  for (let i = 0; i < count; i++) {
    at = nextTime(spec, at) ?? Number.NaN
    found.push(new Date(at).toISOString())
  }
  return found
}

describe('a cron expression', () => {
  it('is in UTC where nothing else is said', () => {
    expect(times({ cron: '0 3 * * *' }, '2027-01-31T12:00:00Z', 2)).toEqual([
      '2027-02-01T03:00:00.000Z',
      '2027-02-02T03:00:00.000Z',
    ])
  })

  it('is in its time zone, summer and winter', () => {
    const when = { cron: '0 9 * * *', timeZone: 'Europe/Berlin' }
    expect(times(when, '2027-01-10T00:00:00Z', 1)).toEqual(['2027-01-10T08:00:00.000Z'])
    expect(times(when, '2027-07-10T00:00:00Z', 1)).toEqual(['2027-07-10T07:00:00.000Z'])
  })

  it('fires once at the end of the gap for a time that the clock skips', () => {
    const when = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
    expect(times(when, '2027-03-27T12:00:00Z', 2)).toEqual(['2027-03-28T01:00:00.000Z', '2027-03-29T00:30:00.000Z'])
  })

  it('fires once for a time that the clock shows twice', () => {
    const when = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
    expect(times(when, '2027-10-30T12:00:00Z', 2)).toEqual(['2027-10-31T00:30:00.000Z', '2027-11-01T01:30:00.000Z'])
  })

  it('keeps its rhythm over a change of the clock where it fires all the time', () => {
    const when = { cron: '*/30 * * * *', timeZone: 'Europe/Berlin' }
    expect(times(when, '2027-10-31T00:00:00Z', 4)).toEqual([
      '2027-10-31T00:30:00.000Z',
      '2027-10-31T01:00:00.000Z',
      '2027-10-31T01:30:00.000Z',
      '2027-10-31T02:00:00.000Z',
    ])
  })

  it('may have seconds, names, ranges and lists', () => {
    expect(times({ cron: '15 */20 8-9 * * MON,tue' }, '2027-02-01T08:10:00Z', 2)).toEqual([
      '2027-02-01T08:20:15.000Z',
      '2027-02-01T08:40:15.000Z',
    ])
  })
})

describe('what is no schedule is refused', () => {
  const mistakes: readonly [what: string, when: unknown, message: RegExp][] = [
    ['a cron with too few fields', { cron: '* * *' }, /five fields/],
    ['a nickname', { cron: '@daily' }, /five fields/],
    ['a minute that no hour has', { cron: '61 * * * *' }, /cannot be read: Invalid value for minute: 61/],
    ['a day that never comes', { cron: '0 0 30 2 *' }, /never comes/],
    ['a time zone that is not', { cron: '0 0 * * *', timeZone: 'Mars/Base' }, /IANA name .* got 'Mars\/Base'/],
    ['a time zone for an interval', { every: '5m', timeZone: 'UTC' }, /interval knows none/],
    ['an interval that is none', { every: 'soon' }, /every/],
    ['an interval that is too short', { every: '10ms' }, /at least 1000 ms/],
    ['both', { cron: '0 0 * * *', every: '5m' }, /not both/],
    ['neither', {}, /cron or every/],
    ['a word', 'daily', /expected for example/],
    ['an option that is not', { crno: '0 0 * * *' }, /did you mean 'cron'/],
  ]
  it.each(mistakes)('%s', (_, when, message) => {
    const attempt = () => parseWhen('nightly', when as ScheduleWhen)
    expect(attempt).toThrow(UsageError)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(/^schedule\('nightly'\)/)
  })
})

describe('a tick', () => {
  const template = { name: 'tick', queue: 'default', args: '[]', timeoutMs: 1, resultTtlMs: 1, failureTtlMs: 1 }
  const record = (when: ScheduleWhen, nextAt: number): ScheduleRecord => ({
    name: 's',
    owner: 'app',
    hash: 'h',
    spec: JSON.stringify(parseWhen('s', when)),
    job: JSON.stringify(template),
    nextAt,
  })
  const MINUTE = 60_000

  it('enqueues a new job each time', () => {
    const now = Date.now()
    const schedule = record({ every: '5m' }, now)
    const [one, two] = [planTick(schedule, now), planTick(schedule, now)]
    expect(one).toMatchObject({ name: 's', hash: 'h', expectedAt: now, job: { ...template, createdAt: now } })
    expect(one.job?.id).not.toBe(two.job?.id)
  })

  it('of an interval keeps the rhythm, however late it is noticed', () => {
    const schedule = record({ every: '5m' }, 1000 * MINUTE)
    expect(planTick(schedule, 1000 * MINUTE).nextAt).toBe(1005 * MINUTE)
    expect(planTick(schedule, 1000 * MINUTE + 700).nextAt).toBe(1005 * MINUTE)
    expect(planTick(schedule, 1005 * MINUTE).nextAt).toBe(1010 * MINUTE)
    expect(planTick(schedule, 1023 * MINUTE).nextAt).toBe(1025 * MINUTE)
  })

  it('that was missed makes up for all others that were, with one job', () => {
    const missedAt = Date.parse('2027-01-01T00:00:00Z')
    const now = Date.parse('2027-01-03T12:34:00Z')
    const tick = planTick(record({ cron: '0 * * * *' }, missedAt), now)
    expect(tick.job).toBeDefined()
    expect(new Date(tick.nextAt).toISOString()).toBe('2027-01-03T13:00:00.000Z')
  })

  it('that was missed is passed over where nothing is to be made up for', () => {
    const at = 1000 * MINUTE
    const schedule = record({ every: '5m', catchUp: false }, at)
    expect(planTick(schedule, at + 30_000).job).toBeDefined()
    expect(planTick(schedule, at + 61_000)).toEqual({ name: 's', hash: 'h', expectedAt: at, nextAt: at + 5 * MINUTE })
  })

  it('of a unique job has always the same id', () => {
    const job = JSON.stringify({ ...template, id: 'only', unique: true })
    expect(planTick({ ...record({ every: '5m' }, 0), job }, 1).job).toMatchObject({ id: 'only', unique: true })
  })
})
