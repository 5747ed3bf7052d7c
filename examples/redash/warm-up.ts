import { database } from './database.ts'
import { recordEvent } from './events.ts'
import { makeEvent, seed } from './seed.ts'

/**
 * Run the job's own code `times` times against a database in memory, and close it. What stays is what the horses
 * inherit: functions that V8 has compiled and optimised. The next use opens the real database.
 */
export async function recordThrowAwayEvents(times: number): Promise<void> {
  database.setOptions({ database: ':memory:' })
  try {
    await seed(database)
    for (let i = 0; i < times; i++) await recordEvent(makeEvent(i))
  } finally {
    if (database.isInitialized) await database.destroy()
    database.setOptions({ database: database.path })
  }
}
