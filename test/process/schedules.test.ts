import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Broker, connectBroker, type ScheduleRecord } from '../../dist/broker/index.js'
import { Scheduler, type SchedulerHooks } from '../../dist/scheduler/scheduler.js'
import { parseWhen, type ScheduleWhen } from '../../dist/scheduler/spec.js'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { workplace } from '../support/worker.ts'

function declare(name: string, when: ScheduleWhen, args: unknown[] = [], hash = 'h1') {
  const job = {
    name: 'tick',
    queue: 'default',
    args: JSON.stringify(args),
    timeoutMs: 1000,
    resultTtlMs: 1000,
    failureTtlMs: 1000,
  }
  return { name, hash, spec: JSON.stringify(parseWhen(name, when)), job: JSON.stringify(job) }
}

interface Fired {
  readonly scheduler: number
  readonly name: string
  readonly at: number
}

/** Several schedulers on one file, each with a broker of its own, as in processes of their own. */
async function schedulers(count: number) {
  const url = `sqlite:${join(await temporaryDirectory(), 'jobs.db')}`
  const fired: Fired[] = []
  const synced: unknown[] = []
  const errors: unknown[] = []
  const open = async (): Promise<Broker> => {
    const broker = await connectBroker(url)
    onTestFinished(() => broker.close())
    return broker
  }
  const all: Scheduler[] = []
  for (let number = 0; number < count; number++) {
    const hooks: SchedulerHooks = {
      synced: (sync) => void synced.push(sync),
      fired: (schedule: ScheduleRecord) =>
        void fired.push({ scheduler: number, name: schedule.name, at: schedule.nextAt }),
      failed: (error) => void errors.push(error),
    }
    const scheduler = new Scheduler(await open(), 'app', hooks)
    onTestFinished(() => scheduler.stop())
    all.push(scheduler)
  }
  return { all, broker: await open(), fired, synced, errors }
}

describe('schedulers', () => {
  it('fire each tick once, however many there are, and on time', async () => {
    const { all, broker, fired, errors } = await schedulers(4)
    const declared = [declare('second', { every: '1s' }), declare('cron', { cron: '* * * * * *' })]
    await Promise.all(all.map((each) => each.start(declared)))
    await eventually(() => expect(fired.length).toBeGreaterThanOrEqual(6), { timeoutMs: 20_000 })
    await Promise.all(all.map((each) => each.stop()))
    const ticks = fired.map(({ name, at }) => `${name} ${at}`)
    expect(new Set(ticks).size).toBe(ticks.length)
    const { jobs } = await broker.jobList({ limit: 1000 })
    expect(jobs).toHaveLength(ticks.length)
    const crons = fired.filter(({ name }) => name === 'cron').map(({ at }) => at)
    for (const at of crons) expect(at % 1000).toBe(0)
    expect(errors).toEqual([])
  })

  it('make up for the time in which there was none, with one job', async () => {
    const { all, broker, fired } = await schedulers(2)
    const hour = 3_600_000
    const nextAt = Date.now() - 50 * hour
    const definition = declare('hourly', { every: '1h' }, ['late'])
    await broker.scheduleSync({ owner: 'app', definitions: [{ ...definition, nextAt }] })
    await Promise.all(all.map((each) => each.start([definition])))
    await eventually(() => expect(fired).toHaveLength(1))
    const [schedule] = await broker.scheduleList()
    expect(schedule?.nextAt).toBeGreaterThan(Date.now())
    expect(((schedule?.nextAt ?? 0) - nextAt) % hour).toBe(0)
    expect((await broker.jobList({ limit: 10 })).jobs.map(({ args }) => args)).toEqual(['["late"]'])
  })

  it('go on where one of the schedules cannot be read, and say so once', async () => {
    const { all, broker, fired, errors } = await schedulers(1)
    const broken = { ...declare('broken', { every: '1s' }), spec: '{', nextAt: 1 }
    await broker.scheduleSync({ owner: 'newer', definitions: [broken] })
    await all[0]?.start([declare('fine', { every: '1s' })])
    await eventually(() => expect(fired.length).toBeGreaterThanOrEqual(2), { timeoutMs: 20_000 })
    expect(fired.map(({ name }) => name)).toContain('fine')
    expect(errors).toHaveLength(1)
  })

  it('say what they have added, changed and removed', async () => {
    const { all, synced } = await schedulers(2)
    await all[0]?.start([declare('a', { every: '1h' }), declare('b', { every: '1h' })])
    await all[1]?.start([declare('a', { every: '2h' }, [], 'h2'), declare('c', { every: '1h' })])
    expect(synced).toEqual([
      { added: ['a', 'b'], changed: [], removed: [] },
      { added: ['c'], changed: ['a'], removed: ['b'] },
    ])
  })
})

describe.each(['fork', 'inline'] as const)('a worker in %s mode', (mode) => {
  it('fires what its job modules declare, and runs it', async () => {
    vi.stubEnv('TEST_SCHEDULES', JSON.stringify([['tick', { every: '1s' }, mode]]))
    onTestFinished(() => void vi.unstubAllEnvs())
    const { start, broker, ended, log } = await workplace(mode)
    start({ modules: [fixtureJobs('features.mjs')] })
    const [job] = await eventually(
      async () => {
        const { jobs } = await broker.jobList({ limit: 10, name: 'noop' })
        expect(jobs.length).toBeGreaterThan(0)
        return jobs
      },
      { timeoutMs: 20_000 },
    )
    expect(await ended(job?.id ?? '')).toMatchObject({ state: 'finished', result: JSON.stringify(mode) })
    expect(log.join()).toContain('schedules: added tick')
    expect((await broker.scheduleList())[0]).toMatchObject({ name: 'tick', owner: 'workhorse' })
  })
})

describe('a worker that loads its job modules anew', () => {
  it('has the schedules that they declare now', { timeout: 60_000 }, async () => {
    const modules = [join(await temporaryDirectory(), 'jobs.mjs')]
    const declare = (when: string) =>
      writeFile(
        modules[0] as string,
        `import { job, schedule } from '${new URL('../../dist/index.js', import.meta.url).href}'
         schedule('changing', ${when}, job('noop', () => {}))`,
      )
    await declare(`{ every: '1h' }`)
    const { start, broker, log } = await workplace('fork')
    const worker = start({ modules })
    await eventually(() => expect(log.join()).toContain('schedules: added changing'), { timeoutMs: 20_000 })
    const [before] = await broker.scheduleList()
    await declare(`{ every: '1s' }`)
    await worker.recycle()
    expect((await broker.scheduleList())[0]?.hash).not.toBe(before?.hash)
    // Sooner than the old one, and sooner than schedules are looked for by themselves.
    await eventually(async () => expect((await broker.jobList({ limit: 10 })).jobs.length).toBeGreaterThan(0), {
      timeoutMs: 15_000,
    })
  })
})
