import type { Connection } from './connection.ts'
import type { SqliteValue } from './driver.ts'

/** Rows that one statement inserts: past this the gain is small and the first preparation dear. */
const CHUNK = 20

/** Inserts all rows by few statements. `into` is for example `jobs (id, name)`. */
export function insertRows(connection: Connection, into: string, rows: readonly (readonly SqliteValue[])[]): void {
  const width = rows[0]?.length ?? 0
  let at = 0
  for (; at + CHUNK <= rows.length; at += CHUNK) {
    connection.run(insertSql(into, width, CHUNK), ...rows.slice(at, at + CHUNK).flat())
  }
  for (const row of rows.slice(at)) connection.run(insertSql(into, width, 1), ...row)
}

/** Up to so many rows, updating one by one is cheaper than handing them to SQLite as a set. */
const FEW = 5

/** Runs `update` (without its WHERE) on the jobs of these numbers. */
export function updateJobs(
  connection: Connection,
  update: string,
  values: readonly SqliteValue[],
  numbers: readonly number[],
): void {
  if (numbers.length > FEW) {
    connection.run(`${update} WHERE seq IN (SELECT value FROM json_each(?))`, ...values, JSON.stringify(numbers))
  } else {
    for (const seq of numbers) connection.run(`${update} WHERE seq = ?`, ...values, seq)
  }
}

const texts = new Map<string, string>()

function insertSql(into: string, width: number, count: number): string {
  const key = `${into} ${count}`
  let sql = texts.get(key)
  if (sql === undefined) {
    const row = `(${Array(width).fill('?').join(', ')})`
    sql = `INSERT INTO ${into} VALUES ${Array(count).fill(row).join(', ')}`
    texts.set(key, sql)
  }
  return sql
}
