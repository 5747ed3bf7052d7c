import type { Broker, QueueBacklog, WorkerInfo } from '../../broker/broker.ts'

/** Who wants to know. */
export interface Sharer {
  readonly name: string
  readonly hostname: string
  readonly queues: readonly string[]
}

export interface BacklogShare extends QueueBacklog {
  /** Workers that take from the same queues, this one included. */
  readonly workers: number
  /** Those of them that use the memory of this machine. */
  readonly neighbours: number
}

export const NO_BACKLOG: BacklogShare = { waiting: 0, oldestMs: 0, workers: 1, neighbours: 1 }

/**
 * What of the jobs that wait is this worker's to deal with: all that take from a queue see the same jobs wait, and each
 * would grow for all of them.
 * @param turn counts up, about once a second
 */
export async function shareBacklog(broker: Broker, sharer: Sharer, turn: number): Promise<BacklogShare> {
  const backlog = await broker.queueBacklog(sharer.queues)
  if (backlog.waiting === 0) return { ...NO_BACKLOG, oldestMs: backlog.oldestMs }
  const others = (await broker.workerList()).filter((worker) => takesFromSame(worker, sharer))
  const names = [...others.map(({ name }) => name), sharer.name].sort()
  return {
    waiting: shareOf(backlog.waiting, names, sharer.name, turn),
    oldestMs: backlog.oldestMs,
    workers: names.length,
    neighbours: others.filter(({ hostname }) => hostname === sharer.hostname).length + 1,
  }
}

/**
 * Equal parts. What cannot be divided goes to one worker after another: the one whose turn it is may be as large as it
 * may become, and the jobs must not wait for it for ever.
 * @param names of all, in an order on which they agree
 */
export function shareOf(waiting: number, names: readonly string[], name: string, turn: number): number {
  const count = names.length
  const place = (names.indexOf(name) + turn) % count
  return Math.floor(waiting / count) + (place < waiting % count ? 1 : 0)
}

function takesFromSame({ name, queues, state }: WorkerInfo, sharer: Sharer): boolean {
  if (name === sharer.name || state === 'quiet' || state === 'stopping') return false
  return queues.some((queue) => sharer.queues.includes(queue))
}
