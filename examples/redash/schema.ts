import type { RedashDataSource } from './database.ts'

/**
 * Create the tables that do not exist yet. A database remembers that it is in WAL mode, in which readers and the
 * writer do not block each other: set here once, it costs no process that opens the database a statement.
 */
export async function createSchema(database: RedashDataSource): Promise<void> {
  database.setOptions({ fileMustExist: false })
  await database.open()
  database.setOptions({ fileMustExist: true })
  await database.query('PRAGMA journal_mode = WAL')
  await database.synchronize()
}
