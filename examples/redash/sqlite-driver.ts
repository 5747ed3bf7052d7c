import { existsSync } from 'node:fs'
import { DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite'

/*
 * SQLite in the shape of better-sqlite3, which is what TypeORM's driver of that name expects.
 *
 * Warm-up opens and closes a database in the process that forks, so nothing of it may stay behind. That rules out
 * libsql, whose first open starts a tokio runtime for the life of the process: a thread per core, two epoll
 * descriptors and a socket pair. better-sqlite3 itself starts nothing, but its release 13 needs Node 22, and what
 * came before fetches or builds a binary when it is installed. node:sqlite is missing from Node 20.
 * @photostructure/sqlite is node:sqlite for all of them: synchronous, no threads, its binaries in the package.
 */
type Value = string | number | bigint | Uint8Array | null

interface DriverOptions {
  readonly readonly?: boolean
  readonly fileMustExist?: boolean
  /** How long a statement waits for another process's lock, in milliseconds. */
  readonly timeout?: number
}

export class SqliteDatabase {
  readonly #database: InstanceType<typeof DatabaseSync>

  constructor(path: string, { readonly = false, fileMustExist = false, timeout = 5000 }: DriverOptions = {}) {
    if (fileMustExist && path !== ':memory:' && !existsSync(path)) {
      throw new Error(`${path}: there is no such database; create it by seed(), or set REDASH_DATABASE`)
    }
    this.#database = new DatabaseSync(path, { readOnly: readonly, timeout })
  }

  prepare(sql: string): SqliteStatement {
    return new SqliteStatement(this.#database.prepare(sql))
  }

  pragma(source: string): unknown[] {
    return this.#database.prepare(`PRAGMA ${source}`).all()
  }

  /**
   * No statement can be run any more. SQLite lets go of a file only when the last statement is collected, though:
   * what is opened before a fork must be `:memory:`, which has no file.
   */
  close(): void {
    this.#database.close()
  }
}

class SqliteStatement {
  readonly #statement: StatementSyncInstance
  /** Whether it returns rows. */
  readonly reader: boolean

  constructor(statement: StatementSyncInstance) {
    this.#statement = statement
    this.reader = statement.columns().length > 0
  }

  all(...parameters: Value[]): unknown[] {
    return this.#statement.all(...parameters)
  }

  run(...parameters: Value[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.#statement.run(...parameters)
  }
}
