import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../dist/broker/index.js'
import type { EnqueueOptions } from '../../dist/index.js'
import { createJob } from '../../dist/job/create-job.js'
import { resolveEnqueueOptions, resolveJobOptions } from '../../dist/job/options.js'
import type { JobRecord } from '../../dist/job/record.js'
import { isEnded } from '../../dist/job/states.js'
import {
  type CreateWorkerOptions,
  createLogger,
  createWorker,
  type IsolationMode,
  type Worker,
} from '../../dist/worker/index.js'
import { fixtureJobs } from './fork-isolation.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface Workplace {
  readonly broker: Broker
  readonly url: string
  readonly log: string[]
  enqueue(name: string, args?: readonly unknown[], options?: EnqueueOptions): Promise<string>
  /** The job once it has ended. */
  ended(id: string): Promise<JobRecord>
  worker(options?: Partial<CreateWorkerOptions>): Worker
  /** Starts a worker that stays, and is stopped at the end. */
  start(options?: Partial<CreateWorkerOptions>): Worker
}

/** A broker of the test's own, and workers on it, with the fixture's jobs. On SQLite where no URL is given. */
export async function workplace(isolation: IsolationMode, brokerUrl?: string): Promise<Workplace> {
  const url = brokerUrl ?? `sqlite:${join(await temporaryDirectory(), 'jobs.db')}`
  return openWorkplace(isolation, url, onTestFinished)
}

/**
 * A workplace with one worker for those tests of a describe whose jobs have nothing to do with each other.
 * Called at its top.
 */
export function sharedWorkplace(
  isolation: IsolationMode,
  options: Partial<CreateWorkerOptions> = {},
): () => Promise<Workplace> {
  const ends: (() => unknown)[] = []
  let opened: Promise<Workplace> | undefined
  const open = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'workhorse-test-'))
    ends.push(() => rm(folder, { recursive: true, force: true }))
    const place = await openWorkplace(isolation, `sqlite:${join(folder, 'jobs.db')}`, (end) => ends.push(end))
    place.start(options)
    return place
  }
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })
  return () => {
    opened ??= open()
    return opened
  }
}

/** @param onEnd takes what is to be done at the end, the last first */
async function openWorkplace(
  isolation: IsolationMode,
  url: string,
  onEnd: (end: () => Promise<void>) => unknown,
): Promise<Workplace> {
  const broker = await connectBroker(url)
  onEnd(() => broker.close())
  const log: string[] = []
  const logger = createLogger('debug', { write: (line) => log.push(line) })

  const worker = (options: Partial<CreateWorkerOptions> = {}): Worker =>
    createWorker({ broker, modules: [fixtureJobs('behaviours.mjs')], isolation, logger, concurrency: 2, ...options })

  return {
    broker,
    url,
    log,
    worker,
    start(options) {
      const started = worker(options)
      const running = started.run()
      onEnd(async () => {
        started.supervisor.stop()
        await running
      })
      return started
    },
    async enqueue(name, args = [], options = {}) {
      const job = createJob(name, resolveEnqueueOptions(name, options, resolveJobOptions(name, {})), args)
      await broker.jobEnqueue([job])
      return job.id
    },
    async ended(id) {
      const record = await broker.jobWait(id, { timeoutMs: 50_000 })
      if (record === undefined) throw new Error(`job ${id} is gone`)
      if (!isEnded(record.state)) throw new Error(`job ${id} is still ${record.state}:\n${log.join('')}`)
      return record
    },
  }
}
