import { join } from 'node:path'
import { RedashDataSource } from './database.ts'
import { seed } from './seed.ts'

export { makeEvent } from './seed.ts'

/** A fresh database in `folder`, which the jobs of this process and its children use from now on. */
export async function prepareBenchmark(folder: string): Promise<void> {
  const path = join(folder, 'redash.db')
  process.env['REDASH_DATABASE'] = path
  const database = new RedashDataSource(path)
  await seed(database)
  await database.destroy()
}

/** What the jobs have written: how many rows, and how many different events. */
export async function countEvents(folder: string): Promise<{ rows: number; events: number }> {
  const database = new RedashDataSource(join(folder, 'redash.db'))
  await database.open()
  try {
    const [counts] = await database.query(
      'SELECT count(*) AS "rows", count(DISTINCT object_id) AS "events" FROM events',
    )
    return { rows: Number(counts.rows), events: Number(counts.events) }
  } finally {
    await database.destroy()
  }
}
