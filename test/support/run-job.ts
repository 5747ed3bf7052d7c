import { randomUUID } from 'node:crypto'
import { DuplicateJobError } from '../../dist/errors.js'
import type { ClaimedJob, NewJob } from '../../dist/job/record.js'
import type { ExecutionEnd, Isolation, RunningExecution } from '../../dist/worker/isolation/isolation.js'

export interface RunResult {
  readonly end: ExecutionEnd
  readonly output: { stdout: string; stderr: string }
  readonly told: unknown[]
  readonly enqueued: NewJob[]
}

/** The result, with the running execution and its output at hand meanwhile. */
export type Execution = Promise<RunResult> & {
  readonly running: RunningExecution
  /** What it has printed so far. */
  readonly output: RunResult['output']
}
export type Run = (name: string, args?: readonly unknown[], more?: Partial<ClaimedJob>) => Execution

/** Runs single jobs on an isolation, without supervisor and broker. */
export function runner(isolation: Isolation): Run {
  return (name, args = [], more = {}) => {
    const output = { stdout: '', stderr: '' }
    const told: unknown[] = []
    const enqueued: NewJob[] = []
    const job: ClaimedJob = {
      id: randomUUID(),
      name,
      queue: 'default',
      args: JSON.stringify(args),
      executionId: randomUUID(),
      attempt: 1,
      timeoutMs: -1,
      createdAt: Date.now(),
      enqueuedAt: Date.now(),
      startedAt: Date.now(),
      ...more,
    }
    const running = isolation.run(job, {
      gateway: {
        enqueue: async (jobs) => {
          const taken = jobs.find(({ id }) => enqueued.some((other) => other.id === id))
          if (taken) throw new DuplicateJobError(taken.id)
          enqueued.push(...jobs)
          return { duplicates: [] }
        },
        fetch: async () => undefined,
        requeue: async () => {},
        delete: async () => {},
        results: async () => [],
        groupFetch: async () => [],
        groupDelete: async () => {},
        cancel: async () => 'canceled',
        stop: async () => 'stopped',
        wait: async () => undefined,
      },
      output: (stream, text) => {
        output[stream] += text
      },
      log: (message) => void told.push({ log: message }),
      update: ({ meta, progress }) => void told.push(meta === undefined ? { progress } : { meta }),
    })
    const result = running.ended.then((end) => ({ end, output, told, enqueued }))
    return Object.assign(result, { running, output })
  }
}
