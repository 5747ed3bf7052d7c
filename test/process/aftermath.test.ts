import { describe, expect, it } from 'vitest'
import { stopJob } from '../../dist/queue/control.js'
import { callbackJob } from '../../src/job/callbacks.ts'
import type { JobCallbacks } from '../../src/job/policies.ts'
import type { NewJob } from '../../src/job/record.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { claimOne, newJob } from '../support/jobs.ts'
import { type Workplace, workplace } from '../support/worker.ts'

const modules = [fixtureJobs('limits.mjs')]
const callback = (name: string) => ({ name, timeoutMs: -1, resultTtlMs: 60_000, failureTtlMs: 60_000 })
const callbacks: JobCallbacks = {
  success: callback('tell-end'),
  failure: callback('tell-end'),
  stopped: callback('tell-end'),
}

const retry = (max: number) => ({ retry: { max, delaysMs: [] } })

/** @returns the job's id */
async function enqueue({ broker }: Workplace, name: string, args: readonly unknown[], more: Partial<NewJob>) {
  const job = newJob({ name, args: JSON.stringify(args), ...more })
  await broker.jobEnqueue([job])
  return job.id
}

describe('a failed attempt', () => {
  it('is followed by another while retries are left', async () => {
    const place = await workplace('fork')
    place.start({ modules })
    const done = await place.ended(await enqueue(place, 'succeed-at', [3], retry(2)))
    expect(done).toMatchObject({ state: 'finished', attempts: 3, result: '3' })
    const given = await place.ended(await enqueue(place, 'succeed-at', [3], retry(1)))
    expect(given).toMatchObject({ state: 'failed', attempts: 2, failure: { message: 'not yet' } })
  })

  it('may be one that has hit a limit', async () => {
    const place = await workplace('fork')
    place.start({ modules })
    const limited = await enqueue(place, 'burn', [], { ...retry(1), limits: { cpuMs: 100 } })
    expect(await place.ended(limited)).toMatchObject({ state: 'failed', attempts: 2, failure: { kind: 'cpu-limit' } })
  })

  it('is not followed by another where the job was stopped', async () => {
    const place = await workplace('fork')
    place.start({ modules })
    const id = await enqueue(place, 'burn', [], retry(3))
    await eventually(async () => expect((await place.broker.jobFetch(id))?.meta).toBeDefined(), { timeoutMs: 20_000 })
    await stopJob(place.broker, id)
    expect(await place.broker.jobFetch(id)).toMatchObject({ state: 'stopped', attempts: 1 })
  })
})

describe('the end of a job', () => {
  it.each([
    ['success', 'hold', [1]],
    ['failure', 'succeed-at', [9]],
    ['stopped', 'ignore-abort', []],
  ] as const)('enqueues its %s callback, with all that is known of it', async (type, name, args) => {
    const place = await workplace('fork')
    place.start({ modules })
    const job = newJob({ name, args: JSON.stringify(args), callbacks })
    await place.broker.jobEnqueue([job])
    if (type === 'stopped') {
      await eventually(async () => expect((await place.broker.jobFetch(job.id))?.meta).toBeDefined(), {
        timeoutMs: 20_000,
      })
      await stopJob(place.broker, job.id)
    }
    const { executionId } = await place.ended(job.id)
    const expected = callbackJob(
      { ...job, attempt: 1, ...(executionId === undefined ? {} : { executionId }) },
      type === 'success' ? { type, result: '' } : { type, failure: { kind: 'error', name: '', message: '' } },
      0,
    )
    const told = await place.ended(expected?.id ?? '')
    expect(JSON.parse(told.result ?? '')).toMatchObject({ type, job: { id: job.id, name, attempt: 1, args } })
  })

  it('as poison enqueues its failure callback, once', async () => {
    const place = await workplace('inline')
    const job = newJob({ name: 'hold', callbacks })
    await place.broker.jobEnqueue([job])
    await claimOne(place.broker, { leaseMs: 1 })
    place.start({ modules, maxAbandonments: 0 })
    await eventually(async () => {
      const { jobs } = await place.broker.jobList({ limit: 10, name: 'tell-end', state: 'finished' })
      expect(jobs.map(({ result }) => JSON.parse(result ?? '').failure.kind)).toEqual(['abandoned'])
    })
  })
})
