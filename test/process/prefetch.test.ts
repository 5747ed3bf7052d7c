import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { IsolationRouter } from '../../dist/worker/isolation/isolation-router.js'
import { connectBroker } from '../../src/broker/index.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { claim, enqueue, finished, handIn, WORKER } from '../support/jobs.ts'
import { type OpenedPool, poolIsolation } from '../support/pool-isolation.ts'
import { isAlive } from '../support/processes.ts'
import { ownRedis } from '../support/redis-server.ts'
import { type RunResult, runner } from '../support/run-job.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { workplace } from '../support/worker.ts'

type Outcome = ReturnType<typeof finished>

const opened: OpenedPool[] = []
afterEach(async () => {
  for (const { isolation } of opened.splice(0)) await isolation.close()
})

/** Jobs that are short enough for children to be given some ahead. */
const SHORT_JOBS = 60

/** A pool that gives jobs ahead, and what its jobs leave behind. */
async function pool(size: number) {
  const folder = await temporaryDirectory()
  const ledger = join(folder, 'ledger')
  const release = join(folder, 'release')
  const opening = poolIsolation('fork', [fixtureJobs('pool.mjs')], { size, prefetch: 8 })
  opened.push(opening)
  await opening.isolation.start()
  const run = runner(opening.isolation)
  for (let i = 0; i < SHORT_JOBS; i++) await run('pid')
  return {
    ...opening,
    run,
    sign: (name: string, then?: string) => run('sign', [ledger, name, ...(then === undefined ? [] : [then])]),
    signs: () => (existsSync(ledger) ? readFileSync(ledger, 'utf8').trim().split('\n') : []),
    blockedUntil: `block until ${release}`,
    release: () => writeFileSync(release, ''),
  }
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `job ${index}`)
const typeOf = ({ end }: RunResult) => end.type
const resultOf = ({ end }: RunResult) => (end.type === 'finished' ? JSON.parse(end.result) : end)

describe('jobs given ahead to a pool child', () => {
  it('are wanted as long as jobs are short, and only then', async () => {
    const { isolation, run } = await pool(2)
    expect(isolation.prefetch?.room).toBeGreaterThanOrEqual(2)
    await run('burn', [50])
    expect(isolation.prefetch?.room).toBe(0)
  })

  it('are billed for what each of them took, though their ends are heard of together', async () => {
    const { run } = await pool(1)
    const given = names(6).map(() => run('burn', [4]))
    await new Promise((resolve) => setImmediate(resolve))
    // Nobody listens until all are done.
    const until = performance.now() + 100
    while (performance.now() < until);
    for (const { end } of await Promise.all(given)) expect(end.bill?.wallMs).toBeGreaterThanOrEqual(4)
  })

  it('run one at a time, in the order in which they were given', async () => {
    const { sign, signs } = await pool(1)
    const results = await Promise.all(names(8).map((name) => sign(name)))
    expect(results.map(resultOf)).toEqual(names(8).map(() => 0))
    expect(signs()).toEqual(names(8))
  })

  it('go to one child where it is done with them at once', { timeout: 60_000 }, async () => {
    const { run, told } = await pool(4)
    const four = async (job: string, ...args: unknown[]) => Promise.all(names(4).map(() => run(job, args)))
    await eventually(async () => {
      await four('burn', 20)
      expect(told.ready).toHaveLength(4)
    })
    // On a busy machine they are not always that short.
    await eventually(
      async () => {
        for (let i = 0; i < SHORT_JOBS; i++) await run('pid')
        expect(new Set((await four('pid')).map(resultOf)).size).toBe(1)
      },
      { timeoutMs: 30_000 },
    )
  })

  it('are handed back where all children are busy for longer, and have not begun', async () => {
    const { sign, signs, blockedUntil, release } = await pool(1)
    const long = sign('long', blockedUntil)
    const others = await Promise.all(names(6).map((name) => sign(name)))
    expect(others.map(typeOf)).toEqual(names(6).map(() => 'unstarted'))
    release()
    expect(typeOf(await long)).toBe('finished')
    expect(signs()).toEqual(['long'])
  })

  it('do not wait for a child that is busy for longer where there is another', async () => {
    const { sign, signs, blockedUntil, release } = await pool(2)
    const long = sign('long', blockedUntil)
    const others = await Promise.all(names(5).map((name) => sign(name)))
    const ran = names(5).filter((_, index) => typeOf(others[index] as RunResult) === 'finished')
    // All of them, unless the machine is so busy that the other child does not get to it.
    expect(ran.length).toBeGreaterThan(0)
    release()
    expect(typeOf(await long)).toBe('finished')
    expect(signs().toSorted()).toEqual([...ran, 'long'])
  })

  it('are not harmed by the end of the one before them, and run once', { timeout: 60_000 }, async () => {
    const { sign, signs, told } = await pool(1)
    const expected: string[] = []
    for (let round = 0; round < 10; round++) {
      const dying = sign(`dying ${round}`, 'exit')
      const others = await Promise.all(names(4).map((name) => sign(`${round} ${name}`)))
      expect((await dying).end).toMatchObject({ type: 'failed', failure: { kind: 'exit' } })
      expect(others.filter((other) => !['finished', 'unstarted'].includes(typeOf(other)))).toEqual([])
      expected.push(`dying ${round}`)
      expected.push(
        ...names(4).flatMap((name, index) =>
          typeOf(others[index] as RunResult) === 'finished' ? `${round} ${name}` : [],
        ),
      )
    }
    expect(signs().toSorted()).toEqual(expected.toSorted())
    expect(told.ready.filter(isAlive).length).toBeLessThanOrEqual(1)
  })

  it('are not harmed by a kill of the one before them, and run once', { timeout: 60_000 }, async () => {
    const { sign, signs } = await pool(1)
    const expected: string[] = []
    for (let round = 0; round < 10; round++) {
      const killed = sign(`killed ${round}`, 'block')
      const others = names(4).map((name) => sign(`${round} ${name}`))
      await eventually(() => expect(signs()).toContain(`killed ${round}`))
      killed.running.kill()
      expect(typeOf(await killed)).toBe('killed')
      expected.push(`killed ${round}`)
      for (const [index, other] of (await Promise.all(others)).entries()) {
        expect(['finished', 'unstarted']).toContain(typeOf(other))
        if (typeOf(other) === 'finished') expected.push(`${round} job ${index}`)
      }
    }
    expect(signs().toSorted()).toEqual(expected.toSorted())
  })

  it('do not begin once they are killed, and leave the one before them alone', async () => {
    const { sign, signs, blockedUntil, release } = await pool(1)
    const long = sign('long', blockedUntil)
    const [first, killed, last] = names(3).map((name) => sign(name)) as [
      ReturnType<typeof sign>,
      ReturnType<typeof sign>,
      ReturnType<typeof sign>,
    ]
    await Promise.resolve()
    killed.running.kill()
    expect(typeOf(await killed)).toBe('unstarted')
    release()
    expect(typeOf(await long)).toBe('finished')
    await Promise.all([first, last])
    expect(signs()).not.toContain('job 1')
  })

  it('hear of an abort, whether they have begun or not', async () => {
    const { run } = await pool(1)
    const before = run('pid')
    const aborted = run('abort-reason')
    await Promise.resolve()
    aborted.running.abort('changed my mind')
    expect(typeOf(await before)).toBe('finished')
    expect(resultOf(await aborted)).toBe('changed my mind')
  })

  it('have their own output, and what a job has left behind is none of theirs', async () => {
    const { run, told } = await pool(1)
    const results = await Promise.all(names(8).map((name) => run('say', [name])))
    expect(results.map(({ output }) => output.stdout)).toEqual(names(8).map((name) => `${name}\n`))
    expect(told.output).toEqual([])
  })

  it('have a bill each', async () => {
    const { run } = await pool(1)
    const results = await Promise.all([run('pid'), run('burn', [4]), run('pid')])
    const cpu = results.map(({ end }) => (end.bill?.usage?.cpuUserMs ?? 0) + (end.bill?.usage?.cpuSystemMs ?? 0))
    expect(cpu[1]).toBeGreaterThanOrEqual(4)
    expect((cpu[0] as number) + (cpu[2] as number)).toBeLessThan(4)
  })

  it('are never those whose worker was lost with them, nor are any beside such a job', async () => {
    const { isolation, blockedUntil, release } = await pool(1)
    const router = new IsolationRouter({ main: isolation, byQueue: {}, open: () => isolation })
    const run = runner(router)
    const suspect = { abandonments: 1 }
    expect(router.prefetch?.room).toBeGreaterThan(0)
    const ahead = names(4).map(() => run('pid'))
    // It goes back, uncounted, and finds its place when what is ahead has run: nothing more comes before it.
    expect(typeOf(await run('pid', [], suspect))).toBe('unstarted')
    for (const result of await Promise.all(ahead)) expect(typeOf(result)).toBe('finished')
    for (let i = 0; i < SHORT_JOBS; i++) await run('pid')
    expect(router.prefetch).toBeUndefined()
    const ledger = join(await temporaryDirectory(), 'ledger')
    const claimed = names(3).map(() => run('sign', [ledger, 'suspect', blockedUntil], suspect))
    release()
    expect((await Promise.all(claimed)).map(typeOf)).toEqual(['finished', 'unstarted', 'unstarted'])
    expect(router.prefetch).toBeUndefined()
  })

  it('count for maxJobs: the child that has got so many is replaced', async () => {
    const opening = poolIsolation('fork', [fixtureJobs('pool.mjs')], { size: 1, prefetch: 8, maxJobs: 70 })
    opened.push(opening)
    await opening.isolation.start()
    const run = runner(opening.isolation)
    for (let i = 0; i < SHORT_JOBS; i++) await run('pid')
    const pids = (await Promise.all(names(20).map(() => run('pid')))).map(resultOf)
    // The others go to its successor, or back if that takes its time; so do those that it was too slow to begin.
    const ofFirst = pids.filter((pid) => pid === pids[0])
    expect(ofFirst.length).toBeGreaterThan(0)
    expect(ofFirst.length).toBeLessThanOrEqual(10)
    expect(opening.told.retired).toContain('it has got 70 jobs')
  })
})

describe('a worker whose pool prefetches', () => {
  const options = { modules: [fixtureJobs('pool.mjs')], concurrency: 1 }

  it('runs each job once, and keeps the time limit of one that others were given behind', async () => {
    const { worker, enqueue, ended, broker } = await workplace('pool')
    const ledger = join(await temporaryDirectory(), 'ledger')
    for (const name of names(SHORT_JOBS)) await enqueue('sign', [ledger, name])
    const endless = await enqueue('sign', [ledger, 'endless', 'block'], { timeout: 300 })
    for (const name of names(SHORT_JOBS)) await enqueue('sign', [ledger, `later ${name}`])
    await worker({ ...options, burst: true, grace: 10 }).run()
    expect(await ended(endless)).toMatchObject({ state: 'failed', failure: { kind: 'timeout' }, attempts: 1 })
    const signs = readFileSync(ledger, 'utf8').trim().split('\n')
    expect(signs).toHaveLength(2 * SHORT_JOBS + 1)
    expect(new Set(signs).size).toBe(2 * SHORT_JOBS + 1)
    const [queue] = await broker.queueList()
    expect(queue?.counts).toMatchObject({ finished: 2 * SHORT_JOBS, failed: 1, queued: 0, started: 0 })
  })

  it('leaves what waits behind a long job to another worker', async () => {
    const { start, enqueue, ended } = await workplace('pool')
    const folder = await temporaryDirectory()
    const [ledger, release] = [join(folder, 'ledger'), join(folder, 'release')]
    start(options)
    for (const name of names(SHORT_JOBS)) await enqueue('sign', [ledger, name])
    const long = await enqueue('sign', [ledger, 'long', `block until ${release}`])
    const behind: string[] = []
    for (const name of names(6)) behind.push(await enqueue('sign', [ledger, `behind ${name}`]))
    await eventually(() => expect(readFileSync(ledger, 'utf8')).toContain('long'))
    start(options)
    for (const id of behind) expect(await ended(id)).toMatchObject({ state: 'finished', attempts: 1 })
    writeFileSync(release, '')
    expect((await ended(long)).state).toBe('finished')
  })
})

describe('jobs claimed for more than there are slots, on Redis', () => {
  it('show under the name of their worker, and count for a slot of it', async () => {
    const server = await ownRedis()
    const broker = await connectBroker(server.url())
    onTestFinished(() => broker.close())
    const redis = new Redis({ path: server.socket })
    onTestFinished(() => redis.disconnect())
    await broker.workerRegister({
      name: WORKER,
      hostname: 'host',
      pid: 1,
      queues: ['default'],
      concurrency: 2,
      isolation: 'pool',
      version: '1',
      startedAt: Date.now(),
      ttlMs: 60_000,
    })
    await enqueue(broker, ['a', 'b', 'c', 'd', 'e', 'f'])
    const claimed = await claim(broker, { limit: 6 })
    const places = await Promise.all(claimed.map(({ id }) => redis.hget(`rq:job:${id}`, 'worker_name')))
    expect(places).toEqual([`${WORKER}.1`, `${WORKER}.2`, WORKER, WORKER, WORKER, WORKER])
    const [a, b, ...ahead] = claimed.map((job) => finished(job)) as [Outcome, Outcome, ...Outcome[]]
    for (const outcomes of [ahead.slice(0, 3), [a], ahead.slice(3), [b]])
      expect(await handIn(broker, outcomes)).toEqual([])
    const slots = await Promise.all([1, 2].map((number) => redis.hgetall(`rq:worker:${WORKER}.${number}`)))
    expect(slots.map((slot) => slot['successful_job_count'])).toEqual(['4', '2'])
    expect(slots.map((slot) => slot['state'])).toEqual(['idle', 'idle'])
    expect(await redis.exists(`rq:worker:${WORKER}`)).toBe(0)
  })
})
