import type { Connection } from './connection.ts'

/**
 * Places in a queue. The end is one more than the greatest place taken, the front one less than the smallest.
 * Where the queue is empty a place is made from the clock, so that jobs that left the queue earlier and come back
 * together (their worker died) still compare in the order in which they once stood.
 */
const PLACES_PER_MS = 1024

interface Ends {
  readonly first: number | null
  readonly last: number | null
}

/** The first of the places free at the end of `queue`; those after it are free too. */
export function endOfQueue(connection: Connection, queue: string, now: number): number {
  const sql = `SELECT max(position) AS last FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND queue = ?`
  const last = connection.get<Ends>(sql, queue)?.last ?? null
  return last === null ? now * PLACES_PER_MS : Math.max(last + 1, now * PLACES_PER_MS)
}

/** The first of `count` places before all that waits in `queue`. */
export function frontOfQueue(connection: Connection, queue: string, count: number, now: number): number {
  const sql = `SELECT min(position) AS first FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND queue = ?`
  const first = connection.get<Ends>(sql, queue)?.first ?? null
  return first === null ? now * PLACES_PER_MS : first - count
}
