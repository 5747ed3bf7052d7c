import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Workplace, workplace } from '../support/worker.ts'

/** Where a job has run: in the worker itself, or in a process that has run others, too, or in one of its own. */
async function whereRuns({ enqueue, ended }: Workplace, options: Parameters<Workplace['enqueue']>[2]) {
  const pids: number[] = []
  for (let i = 0; i < 2; i++)
    pids.push(JSON.parse((await ended(await enqueue('identity', [], options))).result ?? '').pid)
  const [first, second] = pids
  if (first === process.pid) return 'inline'
  return first === second ? 'pool' : 'fork'
}

describe('where a job runs', () => {
  it('is up to the worker, else to its queue, else to itself', { timeout: 60_000 }, async () => {
    const place = await workplace('fork')
    place.start({
      concurrency: 1,
      queues: ['default', 'reused', 'here'],
      queueIsolation: { reused: 'pool', here: 'inline' },
    })
    expect(await whereRuns(place, {})).toBe('fork')
    expect(await whereRuns(place, { queue: 'reused' })).toBe('pool')
    expect(await whereRuns(place, { queue: 'here' })).toBe('inline')
    expect(await whereRuns(place, { queue: 'here', isolation: 'pool' })).toBe('pool')
    expect(await whereRuns(place, { isolation: 'inline' })).toBe('inline')
    expect(await whereRuns(place, { queue: 'reused', isolation: 'fork' })).toBe('fork')
  })

  it('does not start what no job needs', async () => {
    const place = await workplace('inline')
    place.start({ queueIsolation: { reused: 'pool' } })
    await place.ended(await place.enqueue('add', [1, 2]))
    expect(place.log.join()).not.toContain('zygote.ready')
  })

  it('shares one zygote between fork and pool', { timeout: 60_000 }, async () => {
    const place = await workplace('fork')
    place.start({ concurrency: 1 })
    await place.ended(await place.enqueue('add', [1, 2], { isolation: 'pool' }))
    await place.ended(await place.enqueue('add', [1, 2]))
    expect(place.log.filter((line) => line.includes('"event":"zygote.ready"'))).toHaveLength(1)
  })

  it('fails a job that asks for what the worker cannot give, and says why', { timeout: 60_000 }, async () => {
    const place = await workplace('inline')
    place.start({ concurrency: 1, pool: { start: 'spawn' }, nodeFlags: ['--no-such-flag'] })
    const { failure } = await place.ended(await place.enqueue('add', [1, 2], { isolation: 'pool' }))
    expect(failure).toMatchObject({ kind: 'isolation', name: 'IsolationUnavailableError' })
    expect(failure?.message).toMatch(
      /^the job asks for isolation 'pool', which this worker cannot give: no pool child can be started: it left with exit code 9/,
    )
  })

  it('hands back a job whose isolation is still coming up when the worker is killed', async () => {
    const place = await workplace('inline')
    const worker = place.worker({ pool: { start: 'spawn' } })
    const id = await place.enqueue('add', [1, 2], { isolation: 'pool' })
    worker.supervisor.once('started', () => worker.supervisor.kill())
    await worker.run()
    expect(await place.broker.jobFetch(id)).toMatchObject({ state: 'queued', attempts: 0 })
  })
})

describe('inline mode', () => {
  it('warns when a job has blocked the worker for longer than between two lease renewals', async () => {
    const place = await workplace('inline')
    place.start({ lease: '300ms' })
    await place.ended(await place.enqueue('block', [250]))
    await eventually(() => expect(place.log.join()).toContain('"event":"inline.blocked"'))
    const line = JSON.parse(place.log.find((one) => one.includes('inline.blocked')) ?? '')
    expect(line).toMatchObject({ level: 'warn', jobs: ['block'] })
    expect(line.msg).toContain("Run what computes in isolation 'fork' or 'pool'")
  })

  it('does not warn of jobs that only wait', async () => {
    const place = await workplace('inline')
    // So long a lease that a busy machine does not block the loop for a third of it.
    place.start({ lease: '60s' })
    await place.ended(await place.enqueue('sleep', [100]))
    expect(place.log.join()).not.toContain('inline.blocked')
  })
})
