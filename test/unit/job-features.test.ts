import { beforeEach, describe, expect, it } from 'vitest'
import { ArgumentsNotJsonError, UsageError } from '../../src/errors.ts'
import { job } from '../../src/job/definition.ts'
import type { JobGateway } from '../../src/job/gateway.ts'
import { setGatewayProvider } from '../../src/job/gateway-provider.ts'
import { group } from '../../src/job/group.ts'
import type { EnqueueOptions } from '../../src/job/options.ts'
import type { NewJob } from '../../src/job/record.ts'
import { findJob, listJobs } from '../../src/job/registry.ts'
import { listSchedules, schedule } from '../../src/scheduler/declarations.ts'

let stored: NewJob[] = []
let calls = 0
let duplicates: string[] = []

beforeEach(() => {
  stored = []
  calls = 0
  duplicates = []
  const gateway: Partial<JobGateway> = {
    enqueue: async (jobs) => {
      calls++
      stored.push(...jobs)
      return { duplicates }
    },
  }
  setGatewayProvider(() => gateway as JobGateway)
})

const alert = job('alert', { queue: 'alerts', timeout: '9s', retry: 2 }, (_event: unknown) => {})
const work = job('work', (_n: number) => 'done')

/** What an enqueue with these options stores. */
async function enqueued(options: EnqueueOptions, n = 1): Promise<NewJob> {
  await work.with(options).enqueue(n)
  return stored.at(-1) as NewJob
}

describe('options of a job', () => {
  it('say how it is retried', async () => {
    expect((await enqueued({ retry: 3 })).retry).toEqual({ max: 3, delaysMs: [] })
    expect((await enqueued({ retry: { max: 3, delay: '10s' } })).retry).toEqual({ max: 3, delaysMs: [10_000] })
    expect((await enqueued({ retry: { max: 3, delay: ['1s', '1m'], atFront: true } })).retry).toEqual({
      max: 3,
      delaysMs: [1000, 60_000],
      atFront: true,
    })
    expect((await enqueued({ retry: { max: 5, backoff: '2s' } })).retry).toEqual({
      max: 5,
      delaysMs: [],
      backoff: { baseMs: 2000, factor: 2, maxMs: 3_600_000, jitter: 0.5 },
    })
    const backoff = { base: '1s', factor: 3, max: '1m', jitter: 0 }
    expect((await enqueued({ retry: { max: 5, backoff } })).retry?.backoff).toEqual({
      baseMs: 1000,
      factor: 3,
      maxMs: 60_000,
      jitter: 0,
    })
  })

  it('say how long it may wait, how often it is repeated, where it belongs and where it runs', async () => {
    expect(
      await enqueued({ ttl: '5m', repeat: { times: 2, delay: '1h' }, group: 'g', isolation: 'inline' }),
    ).toMatchObject({ ttlMs: 300_000, repeat: { times: 2, delaysMs: [3_600_000] }, group: 'g', isolation: 'inline' })
    expect((await enqueued({ repeat: 4 })).repeat).toEqual({ times: 4, delaysMs: [] })
  })

  it('say what it waits for: handles, ids, or both', async () => {
    const handle = await work.enqueue(1)
    expect((await enqueued({ dependsOn: handle })).dependsOn).toEqual({ jobIds: [handle.id] })
    expect((await enqueued({ dependsOn: [handle, 'other', 'other'] })).dependsOn).toEqual({
      jobIds: [handle.id, 'other'],
    })
    expect((await enqueued({ dependsOn: { jobs: 'a', allowFailure: true, atFront: true } })).dependsOn).toEqual({
      jobIds: ['a'],
      allowFailure: true,
      atFront: true,
    })
  })

  it('leave nothing behind in a job that has none', async () => {
    await work.enqueue(1)
    expect(Object.keys(stored[0] as NewJob).sort()).toEqual(
      ['args', 'createdAt', 'failureTtlMs', 'id', 'name', 'queue', 'resultTtlMs', 'timeoutMs'].sort(),
    )
  })

  it('of a definition hold for all of its jobs, until an enqueue says otherwise', async () => {
    const definition = job('strict', { retry: 3, ttl: '1m', group: 'all', onFailure: alert }, () => {})
    await definition.enqueue()
    expect(stored.at(-1)).toMatchObject({ retry: { max: 3 }, ttlMs: 60_000, group: 'all' })
    await definition.with({ retry: 1, group: 'one' }).enqueue()
    expect(stored.at(-1)).toMatchObject({ retry: { max: 1 }, ttlMs: 60_000, group: 'one' })
    expect(stored.at(-1)?.callbacks?.failure?.name).toBe('alert')
  })

  const mistakes: readonly [what: string, options: unknown, message: RegExp][] = [
    ['no retries', { retry: 0 }, /option retry: expected a whole number of at least 1, got 0/],
    ['a retry without a number', { retry: { delay: '1s' } }, /option retry\.max/],
    ['retries by delay and backoff', { retry: { max: 1, delay: '1s', backoff: '1s' } }, /delay or backoff/],
    ['a misspelt retry', { retry: { max: 1, dely: '1s' } }, /did you mean 'delay'/],
    ['a shrinking backoff', { retry: { max: 1, backoff: { factor: 0.5 } } }, /factor/],
    ['too much chance', { retry: { max: 1, backoff: { jitter: 2 } } }, /jitter: expected 0 to 1, got 2/],
    ['a delay without a unit', { retry: { max: 1, delay: 'soon' } }, /retry\.delay/],
    ['no repeats', { repeat: 0 }, /option repeat/],
    ['no time to start', { ttl: 0 }, /option ttl: 0 leaves no time/],
    ['an enqueue that was not awaited', { dependsOn: Promise.resolve() }, /await the enqueue first/],
    ['nothing to wait for', { dependsOn: [] }, /names no job/],
    ['an empty key', { unique: '' }, /option unique/],
    ['an id and a key', { id: 'a', unique: 'b' }, /options id and unique/],
    ['an empty group', { group: '' }, /option group/],
    ['an unknown mode', { isolation: 'thread' }, /fork, pool, inline, got 'thread'/],
    ['a function where workers cannot find it', { onFailure: () => {} }, /a function can be given in job\(\) only/],
    ['a callback that is none', { onSuccess: 7 }, /option onSuccess: expected a job definition/],
    ['a callback by a bad name', { onStopped: 'two words' }, /option onStopped/],
  ]
  it.each(mistakes)('refuse %s', (_, options, message) => {
    const attempt = () => work.with(options as EnqueueOptions)
    expect(attempt).toThrow(UsageError)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(/^work/)
  })

  it('refuse to wait for a time and for jobs', async () => {
    await expect(work.with({ dependsOn: 'a' }).enqueueIn('1s', 1)).rejects.toThrow(/not for both/)
  })
})

describe('callbacks', () => {
  it('carry how they are enqueued, for whoever runs the job does not know', async () => {
    const { callbacks } = await enqueued({ onFailure: alert, onSuccess: 'elsewhere.defined' })
    expect(callbacks).toEqual({
      failure: {
        name: 'alert',
        queue: 'alerts',
        timeoutMs: 9000,
        resultTtlMs: 500_000,
        failureTtlMs: 365 * 86_400_000,
        retry: { max: 2, delaysMs: [] },
      },
      success: { name: 'elsewhere.defined', timeoutMs: 180_000, resultTtlMs: 500_000, failureTtlMs: 365 * 86_400_000 },
    })
  })

  it('that are functions become jobs of their own, in the queue of the job, hidden from lists', async () => {
    const definition = job('loud', { onSuccess: () => {}, onStopped: () => {} }, () => {})
    await definition.enqueue()
    expect(stored[0]?.callbacks).toMatchObject({
      success: { name: 'loud.on-success' },
      stopped: { name: 'loud.on-stopped' },
    })
    expect(stored[0]?.callbacks?.success).not.toHaveProperty('queue')
    expect(findJob('loud.on-success')?.handler).toBeTypeOf('function')
    expect(listJobs().map(({ name }) => name)).not.toContain('loud.on-success')
  })
})

describe('a unique job', () => {
  it('has an id that its name and key make, the same in every process', async () => {
    const [one, same, other] = [
      await enqueued({ unique: 7 }),
      await enqueued({ unique: '7' }),
      await enqueued({ unique: 8 }),
    ]
    expect(one).toMatchObject({ unique: true, id: expect.stringMatching(/^work-[\w-]{22}$/) })
    expect(same.id).toBe(one.id)
    expect(other.id).not.toBe(one.id)
    await job('other', () => {})
      .with({ unique: 7 })
      .enqueue()
    expect(stored.at(-1)?.id).not.toBe(one.id)
  })

  it('may have its arguments for a key', async () => {
    const ids = [
      await enqueued({ unique: true }, 1),
      await enqueued({ unique: true }, 1),
      await enqueued({ unique: true }, 2),
    ]
    expect(ids[0]?.id).toBe(ids[1]?.id)
    expect(ids[2]?.id).not.toBe(ids[1]?.id)
  })

  it('tells whether it was there already', async () => {
    expect((await work.with({ unique: 1 }).enqueue(1)).isDuplicate).toBe(false)
    duplicates = [stored[0]?.id as string]
    const handle = await work.with({ unique: 1 }).enqueue(1)
    expect(handle).toMatchObject({ isDuplicate: true, id: stored[0]?.id })
  })
})

describe('many jobs', () => {
  it('are enqueued by one call, in their order', async () => {
    const handles = await work.with({ group: 'g' }).enqueueMany([[1], [2], [3]])
    expect(calls).toBe(1)
    expect(stored.map(({ args, group: name }) => [args, name])).toEqual([
      ['[1]', 'g'],
      ['[2]', 'g'],
      ['[3]', 'g'],
    ])
    expect(handles.map(({ id }) => id)).toEqual(stored.map(({ id }) => id))
  })

  it('are not enqueued at all where one cannot be', async () => {
    await expect(work.enqueueMany([[1], [Number.NaN]])).rejects.toThrow(ArgumentsNotJsonError)
    expect(calls).toBe(0)
  })

  it('cannot share an id', async () => {
    await expect(work.with({ id: 'a' }).enqueueMany([[1], [2]])).rejects.toThrow(UsageError)
  })

  it('tell which of them were there already: of equal ones the later', async () => {
    const unique = work.with({ unique: true })
    duplicates = [(await enqueued({ unique: true }, 5)).id]
    const handles = await unique.enqueueMany([[5], [6], [5]])
    expect(handles.map(({ isDuplicate }) => isDuplicate)).toEqual([false, false, true])
  })
})

describe('a declared schedule', () => {
  it('is data: when, and what job', () => {
    schedule('nightly', { cron: '0 3 * * *' }, work.with({ retry: 2, queue: 'nights' }), 7)
    const found = listSchedules().find(({ name }) => name === 'nightly')
    expect(JSON.parse(found?.spec ?? '')).toEqual({ cron: '0 3 * * *', timeZone: 'UTC', catchUp: true })
    const template = JSON.parse(found?.job ?? '')
    expect(template).toMatchObject({ name: 'work', queue: 'nights', args: '[7]', retry: { max: 2 } })
    expect(template).not.toHaveProperty('id')
    expect(template).not.toHaveProperty('createdAt')
  })

  it('has a hash that changes with anything about it, and with nothing else', () => {
    const hash = (name: string) => listSchedules().find((each) => each.name === name)?.hash
    schedule('h1', { every: '5m' }, work, 1)
    schedule('h2', { every: '5m' }, work, 1)
    schedule('h3', { every: '6m' }, work, 1)
    schedule('h4', { every: '5m' }, work, 2)
    schedule('h5', { every: '5m' }, work.with({ timeout: '1s' }), 1)
    expect(hash('h1')).toBe(hash('h2'))
    expect(new Set(['h1', 'h3', 'h4', 'h5'].map(hash)).size).toBe(4)
  })

  it('may be declared again by the same module, but not otherwise', () => {
    schedule('again', { every: '5m' }, work, 1)
    schedule('again', { every: '5m' }, work, 1)
    expect(() => schedule('again', { every: '5m' }, work, 2)).toThrow(/declared twice/)
  })

  it('refuses what cannot be enqueued again and again', () => {
    expect(() => schedule('a', { every: '5m' }, work.with({ id: 'a' }), 1)).toThrow(/option id .* unique: true/)
    expect(() => schedule('a', { every: '5m' }, work.with({ dependsOn: 'x' }), 1)).toThrow(/option dependsOn/)
    expect(() => schedule('a', { every: '5m' }, (() => {}) as never)).toThrow(/expected a job definition/)
    expect(() => schedule('two words', { every: '5m' }, work, 1)).toThrow(/expected a name/)
    expect(() => schedule('a', { every: '5m' }, work, Number.NaN)).toThrow(ArgumentsNotJsonError)
  })
})

describe('a group', () => {
  it('needs a name', () => {
    expect(() => group('')).toThrow(UsageError)
    expect(group('g').name).toBe('g')
  })
})

describe('a wrong definition', () => {
  it('is refused where options stand behind the handler, and told where they belong', () => {
    const swapped = job as unknown as (name: string, handler: () => void, options: object) => void
    expect(() => swapped('swapped', () => {}, { retry: 2 })).toThrow(
      `job('swapped'): expected a handler function, got {"retry":2}; options come first: job('swapped', { … }, handler)`,
    )
  })
})
