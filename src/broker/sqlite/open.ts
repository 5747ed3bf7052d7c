import { existsSync } from 'node:fs'
import path from 'node:path'
import { BrokerUnavailableError } from '../../errors.ts'
import type { Broker } from '../broker.ts'
import { Connection } from './connection.ts'
import { loadDriver, type SqliteDatabase } from './driver.ts'
import { LeaseClock } from './lease-clock.ts'
import { CHECKPOINT_PAGES, LOG_BYTES } from './log-size.ts'
import { migrate } from './migrations/migrate.ts'
import { SqliteBroker } from './sqlite-broker.ts'
import { translateError } from './sqlite-error.ts'
import { formatSqliteUrl, parseSqliteUrl, type SqliteOptions } from './url.ts'

/** Opens the file that `url` names, making it where there is none, and brings it to this version's schema. */
export async function openSqliteBroker(url: string, cwd: string): Promise<Broker> {
  const options = parseSqliteUrl(url, cwd)
  const connection = await openConnection(options)
  const leaseClock = new LeaseClock()
  await leaseClock.start(connection)
  return new SqliteBroker(connection, leaseClock, formatSqliteUrl(options))
}

export async function openConnection(options: SqliteOptions): Promise<Connection> {
  const connection = new Connection(openFile(options.file), options.file)
  try {
    await configure(connection, options)
    await migrate(connection)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

function openFile(file: string): SqliteDatabase {
  const directory = path.dirname(file)
  if (!existsSync(directory)) {
    throw new BrokerUnavailableError(`${file}: there is no directory ${directory}; make it, or name another file`)
  }
  try {
    return loadDriver().open(file)
  } catch (error) {
    throw translateError(error, file)
  }
}

/** Settings of a connection, not of the file, but for the write-ahead log. */
async function configure(connection: Connection, options: SqliteOptions): Promise<void> {
  const pragmas = [
    // Waiting for other processes is ours: SQLite would block the thread.
    'busy_timeout = 0',
    // Readers and the one writer do not get into each other's way.
    'journal_mode = WAL',
    `synchronous = ${options.synchronous}`,
    `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    `journal_size_limit = ${LOG_BYTES}`,
    'cache_size = -16000',
  ]
  for (const pragma of pragmas) {
    await connection.readOne('open', () => connection.execute(`PRAGMA ${pragma}`))
  }
}
