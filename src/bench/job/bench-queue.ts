import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Broker } from '../../broker/broker.ts'
import { connectBroker } from '../../broker/connect.ts'
import { createJob } from '../../job/create-job.ts'
import type { ResolvedEnqueueOptions } from '../../job/options.ts'
import type { JobRecord } from '../../job/record.ts'
import { findJob } from '../../job/registry.ts'
import type { BenchPlan } from './result.ts'

const DAY_MS = 86_400_000
const BATCH = 500

/** What became of the jobs of one run. */
export interface Harvest {
  readonly failed: number
  /** Why the first of them did not finish. */
  readonly failure?: string
  /** Mean over those that have a process of their own; absent where none has. */
  readonly jobCpuMsPerJob?: number
}

/** The queue of one run: jobs in, bills out, nothing left. */
export class BenchQueue {
  readonly name = `workhorse-bench-${randomUUID().slice(0, 8)}`
  /** For workers to connect to. */
  readonly url: string
  readonly #broker: Broker
  readonly #ownFile: string | undefined
  readonly #ids: string[] = []

  private constructor(url: string, broker: Broker, ownFile: string | undefined) {
    this.url = url
    this.#broker = broker
    this.#ownFile = ownFile
  }

  /** @param broker where the user wants it measured; without, a fresh SQLite file in `folder` */
  static async open(folder: string, broker: string | undefined): Promise<BenchQueue> {
    const file = broker === undefined ? join(folder, `${randomUUID()}.db`) : undefined
    const url = broker ?? `sqlite:${file}`
    return new BenchQueue(url, await connectBroker(url), file)
  }

  /** Without secrets. */
  get brokerUrl(): string {
    return this.#broker.url
  }

  async fill({ job, args, jobs }: BenchPlan): Promise<void> {
    const options = benchOptions(job, this.name)
    const made = Array.from({ length: jobs }, (_, index) =>
      createJob(job, options, JSON.parse(args[index % args.length] as string) as unknown[]),
    )
    this.#ids.push(...made.map(({ id }) => id))
    for (let at = 0; at < made.length; at += BATCH) await this.#broker.jobEnqueue(made.slice(at, at + BATCH))
  }

  async harvest(): Promise<Harvest> {
    let failed = 0
    let failure: string | undefined
    const cpu: number[] = []
    for (const id of this.#ids) {
      const record = await this.#broker.jobFetch(id)
      if (record?.state !== 'finished') {
        failed++
        failure ??= describeFailure(record)
      }
      const { usage } = record?.bill ?? {}
      if (usage) cpu.push(usage.cpuUserMs + usage.cpuSystemMs)
    }
    const mean = cpu.reduce((sum, ms) => sum + ms, 0) / cpu.length
    return {
      failed,
      ...(failure === undefined ? {} : { failure }),
      ...(cpu.length === 0 ? {} : { jobCpuMsPerJob: mean }),
    }
  }

  async close(): Promise<void> {
    try {
      if (this.#ownFile === undefined) for (const id of this.#ids) await this.#forget(id)
    } finally {
      await this.#broker.close()
      if (this.#ownFile !== undefined) await rm(this.#ownFile, { force: true })
    }
  }

  async #forget(id: string): Promise<void> {
    if ((await this.#broker.jobFetch(id)) !== undefined) await this.#broker.jobDelete(id)
  }
}

/** As the job is defined, but each of them runs once, whatever its arguments, and is kept until it was looked at. */
function benchOptions(job: string, queue: string): ResolvedEnqueueOptions {
  const defined = findJob(job)?.options
  if (defined === undefined) throw new Error(`[BUG] ${job} is not defined in the benchmark's process`)
  const { unique, retry, repeat, group, dependsOn, callbacks, ttlMs, ...kept } = defined
  return { ...kept, queue, resultTtlMs: DAY_MS, failureTtlMs: DAY_MS }
}

function describeFailure(record: JobRecord | undefined): string {
  if (record === undefined) return 'it is gone'
  const { failure, state } = record
  return failure === undefined ? `it is ${state}` : `${failure.name}: ${failure.message}`
}
