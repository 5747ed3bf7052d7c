import { JOB_STATES, type JobState } from '../../job/states.ts'
import type { QueueInfo } from '../broker.ts'
import type { Connection } from './connection.ts'

interface CountRow {
  readonly queue: string
  readonly state: JobState
  readonly jobs: number
}

const COUNTS = `
SELECT queue, state, jobs FROM settled_counts
UNION ALL SELECT queue, 'queued', count(*) FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' GROUP BY queue
UNION ALL SELECT queue, 'started', count(*) FROM jobs INDEXED BY jobs_started WHERE state = 'started' GROUP BY queue`

/** Every queue that holds a job, once kept the outcome of one, or was ever paused; by name. */
export function listQueues(connection: Connection): QueueInfo[] {
  const counts = new Map<string, Record<JobState, number>>()
  const countsOf = (queue: string) => {
    const known = counts.get(queue) ?? noJobs()
    counts.set(queue, known)
    return known
  }
  const flags = connection.all<{ name: string; paused: number }>('SELECT name, paused FROM queues')
  for (const { name } of flags) countsOf(name)
  for (const { queue, state, jobs } of connection.all<CountRow>(COUNTS)) countsOf(queue)[state] = jobs
  const paused = new Set(flags.filter((flag) => flag.paused === 1).map(({ name }) => name))
  return [...counts].map(([name, counts]) => ({ name, paused: paused.has(name), counts })).sort(byName)
}

const SET_PAUSED =
  'INSERT INTO queues (name, paused) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused'

export function setPaused(connection: Connection, queue: string, paused: boolean): void {
  connection.run(SET_PAUSED, queue, paused ? 1 : 0)
}

function noJobs(): Record<JobState, number> {
  return Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>
}

function byName(a: QueueInfo, b: QueueInfo): number {
  return a.name < b.name ? -1 : 1
}
