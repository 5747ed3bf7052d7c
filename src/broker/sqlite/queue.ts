import { JOB_STATES, type JobState } from '../../job/states.ts'
import type { QueueInfo } from '../broker.ts'
import type { Connection } from './connection.ts'

interface CountRow {
  readonly queue: string
  readonly paused: number | null
  readonly state: JobState | null
  readonly jobs: number | null
}

const LIST = `
WITH names(queue) AS (SELECT name FROM queues WHERE paused = 1 UNION SELECT queue FROM queue_counts)
SELECT n.queue, q.paused, c.state, c.jobs
FROM names n LEFT JOIN queues q ON q.name = n.queue LEFT JOIN queue_counts c ON c.queue = n.queue
ORDER BY n.queue`

/** Every queue that ever held a job, or is paused, by name. */
export function listQueues(connection: Connection): QueueInfo[] {
  const queues = new Map<string, { name: string; paused: boolean; counts: Record<JobState, number> }>()
  for (const row of connection.all<CountRow>(LIST)) {
    let queue = queues.get(row.queue)
    if (queue === undefined) {
      queue = { name: row.queue, paused: row.paused === 1, counts: noJobs() }
      queues.set(row.queue, queue)
    }
    if (row.state !== null && row.jobs !== null) queue.counts[row.state] = row.jobs
  }
  return [...queues.values()]
}

const SET_PAUSED = 'INSERT INTO queues (name, paused) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET paused = ?2'

export function setPaused(connection: Connection, queue: string, paused: boolean): void {
  connection.run(SET_PAUSED, queue, paused ? 1 : 0)
}

function noJobs(): Record<JobState, number> {
  return Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>
}
