import { BrokerUnavailableError } from '../../../errors.ts'
import type { Connection } from '../connection.ts'
import { jobs } from './001-jobs.ts'
import { features } from './002-features.ts'
import { billsAndClock } from './003-bills-and-clock.ts'
import type { Migration } from './migration.ts'

const MIGRATIONS: readonly Migration[] = [jobs, features, billsAndClock]

export const SCHEMA_VERSION = MIGRATIONS.length

/** Marks a file as ours ("WkHs"), so that the database of another program is not taken for an empty one. */
const APPLICATION_ID = 0x576b4873

/**
 * Brings the file to this version's schema, in one transaction: several processes may open a new file at once.
 * @throws BrokerUnavailableError where a newer version of Workhorse, or another program, wrote it.
 */
export async function migrate(connection: Connection): Promise<void> {
  const upToDate = await connection.read('open', () => checkVersion(connection) === SCHEMA_VERSION)
  if (upToDate) return
  await connection.write('migrate', () => {
    const from = checkVersion(connection)
    for (const migration of MIGRATIONS) {
      if (migration.version > from) connection.execute(migration.sql)
    }
    connection.execute(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`)
  })
}

interface FileHeader {
  readonly version: number
  readonly application: number
  readonly tables: number
}

const HEADER = `SELECT (SELECT user_version FROM pragma_user_version) AS version,
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT count(*) FROM sqlite_schema) AS tables`

function checkVersion(connection: Connection): number {
  const { version, application, tables } = connection.get<FileHeader>(HEADER) ?? {
    version: 0,
    application: 0,
    tables: 0,
  }
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0 || tables !== 0)) {
    throw new BrokerUnavailableError(`${connection.file} is the SQLite database of another program; name another file`)
  }
  if (version > SCHEMA_VERSION) {
    throw new BrokerUnavailableError(
      `${connection.file} was written by a newer Workhorse (schema ${version}, this one knows up to ${SCHEMA_VERSION}); update workhorse here, or use another file`,
    )
  }
  return version
}
