import type { Connection } from './connection.ts'

/** When the suspension ends: infinity where nobody has said, undefined where there is none. */
export function suspendedUntil(connection: Connection, now: number): number | undefined {
  const row = connection.get<{ until: number | null }>('SELECT until FROM suspension')
  if (row === undefined) return undefined
  if (row.until === null) return Number.POSITIVE_INFINITY
  return row.until > now ? row.until : undefined
}

export function suspend(connection: Connection, until: number | null): void {
  connection.run('INSERT OR REPLACE INTO suspension (only_row, until) VALUES (1, ?)', until)
}

export function resume(connection: Connection): void {
  connection.run('DELETE FROM suspension')
}
