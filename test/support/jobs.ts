import { randomUUID } from 'node:crypto'
import type { Broker, ExecutionOutcome, JobExchangeParams } from '../../src/broker/broker.ts'
import type { JobFailure } from '../../src/job/failure.ts'
import type { ClaimedJob, NewJob } from '../../src/job/record.ts'

export const WORKER = 'worker-1'

/** A job that says only what its test is about. */
export function newJob(fields: Partial<NewJob> = {}): NewJob {
  return {
    id: randomUUID(),
    name: 'test_job',
    queue: 'default',
    args: '[]',
    createdAt: Date.now(),
    timeoutMs: 180_000,
    resultTtlMs: 500_000,
    failureTtlMs: 500_000,
    ...fields,
  }
}

/** Jobs `a`, `b`, … in one batch. */
export async function enqueue(broker: Broker, ids: readonly string[], fields: Partial<NewJob> = {}): Promise<void> {
  await broker.jobEnqueue(ids.map((id) => newJob({ ...fields, id })))
}

export async function claim(broker: Broker, params: Partial<JobExchangeParams> = {}): Promise<readonly ClaimedJob[]> {
  const { claimed } = await broker.jobExchange({ ...DEFAULTS, ...params })
  return claimed
}

/** @throws where there is nothing to claim. */
export async function claimOne(broker: Broker, params: Partial<JobExchangeParams> = {}): Promise<ClaimedJob> {
  const [job] = await claim(broker, { ...params, limit: 1 })
  if (job === undefined) throw new Error('there was no job to claim')
  return job
}

/** Hands in outcomes and claims nothing; returns the execution ids refused. */
export async function handIn(
  broker: Broker,
  outcomes: readonly ExecutionOutcome[],
  worker = WORKER,
): Promise<readonly string[]> {
  const { refused } = await broker.jobExchange({ ...DEFAULTS, worker, outcomes, limit: 0 })
  return refused
}

export function finished(job: ClaimedJob, result = 'null'): ExecutionOutcome {
  return { type: 'finished', jobId: job.id, executionId: job.executionId, result }
}

export function failed(job: ClaimedJob, failure: Partial<JobFailure> = {}): ExecutionOutcome {
  const whole: JobFailure = { kind: 'error', name: 'Error', message: 'it broke', ...failure }
  return { type: 'failed', jobId: job.id, executionId: job.executionId, failure: whole }
}

/** Failed, and to be tried again. */
export function retried(job: ClaimedJob, delayMs = 0, atFront = false): ExecutionOutcome {
  return { ...failed(job), retry: { delayMs, atFront } } as ExecutionOutcome
}

export function stopped(job: ClaimedJob): ExecutionOutcome {
  const failure: JobFailure = { kind: 'error', name: 'JobStoppedError', message: 'it was stopped' }
  return { type: 'stopped', jobId: job.id, executionId: job.executionId, failure }
}

export function canceled(job: ClaimedJob): ExecutionOutcome {
  return { type: 'canceled', jobId: job.id, executionId: job.executionId }
}

export function released(job: ClaimedJob): ExecutionOutcome {
  return { type: 'released', jobId: job.id, executionId: job.executionId }
}

export async function stateOf(broker: Broker, id: string): Promise<string | undefined> {
  return (await broker.jobFetch(id))?.state
}

export function ids(jobs: readonly { readonly id: string }[]): string[] {
  return jobs.map(({ id }) => id)
}

const DEFAULTS: JobExchangeParams = { worker: WORKER, outcomes: [], queues: ['default'], limit: 1, leaseMs: 60_000 }
