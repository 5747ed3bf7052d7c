import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../dist/broker/index.js'
import type { JobRecord, NewJob } from '../../dist/job/record.js'
import { newJob } from './jobs.ts'
import { QUEUES } from './project.ts'

/**
 * The queue of a project, seen by the test itself: for what it has to prepare and to look at beside the command that
 * it is about. A command for each of these would be a process for each.
 */
export interface ProjectQueue {
  readonly broker: Broker
  /** A job of `JOBS` is put on its own queue. @returns its id */
  enqueue(name: string, args?: readonly unknown[], fields?: Partial<NewJob>): Promise<string>
  job(id: string): Promise<JobRecord>
  /** Its result, as JSON, once there is one. */
  result(id: string): Promise<string | undefined>
}

export async function projectQueue(cwd: string): Promise<ProjectQueue> {
  const broker = await connectBroker(`sqlite:${join(cwd, 'workhorse.db')}`)
  onTestFinished(() => broker.close())
  return {
    broker,
    async enqueue(name, args = [], fields = {}) {
      const job = newJob({ name, args: JSON.stringify(args), queue: QUEUES[name] ?? 'default', ...fields })
      await broker.jobEnqueue([job])
      return job.id
    },
    async job(id) {
      const record = await broker.jobFetch(id)
      if (record === undefined) throw new Error(`there is no job ${id}`)
      return record
    },
    async result(id) {
      return (await broker.jobWait(id, { timeoutMs: 20_000 }))?.result
    },
  }
}
