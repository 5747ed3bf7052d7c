import { JOB_STATES, type JobState } from '../../job/states.ts'
import type { QueueBacklog, QueueInfo } from '../broker.ts'
import { listed } from './exchange.ts'
import { asList, asNumber, asText } from './reply.ts'
import type { Store } from './store.ts'

/** Jobs that one step of emptying a queue deletes. */
const EMPTY_BATCH = 200

/** By name. */
export async function listQueues(store: Store): Promise<QueueInfo[]> {
  return asList(await store.run('queue-list', () => []))
    .map((reply) => {
      const [name, paused, ...counts] = asList(reply)
      // In the order in which scripts/queue-list.lua counts them.
      const entries = JOB_STATES.map((state, index) => [state, asNumber(counts[index])])
      return {
        name: asText(name),
        paused: asNumber(paused) === 1,
        counts: Object.fromEntries(entries) as Record<JobState, number>,
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export async function measureBacklog(store: Store, queues: readonly string[]): Promise<QueueBacklog> {
  const [waiting, oldestMs] = asList(await store.run('queue-backlog', () => listed(queues)))
  return { waiting: asNumber(waiting), oldestMs: asNumber(oldestMs) }
}

/** In steps, and only what was there at first. Returns how many jobs were deleted. */
export async function emptyQueue(store: Store, queue: string): Promise<number> {
  let left = asNumber(await store.command('LLEN', store.keys.queue(queue)))
  let deleted = 0
  while (left > 0) {
    const batch = Math.min(left, EMPTY_BATCH)
    const [taken, jobs] = asList(await store.run('queue-empty', () => [queue, batch]))
    deleted += asNumber(jobs)
    if (asNumber(taken) < batch) break
    left -= batch
  }
  return deleted
}

export async function setPaused(store: Store, queue: string, isPaused: boolean): Promise<void> {
  await store.command(isPaused ? 'SADD' : 'SREM', store.keys.paused, queue)
  if (!isPaused) await store.command('PUBLISH', store.keys.wakeChannel, '')
}
