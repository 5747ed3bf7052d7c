import { BrokerUnavailableError, ForkedBrokerError } from '../../errors.ts'
import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts'
import { LogSize } from './log-size.ts'
import { isBusy, translateError } from './sqlite-error.ts'
import { TurnQueue } from './turn-queue.ts'

/**
 * Handles that are open. Held here so that the garbage collector of a forked process never closes
 * one that it inherited: closing would check-point and unlink the log of the process that owns it.
 */
const openHandles = new Set<SqliteDatabase>()

/**
 * One database handle: prepared statements by their text, and transactions that wait for other
 * processes without blocking this one.
 */
export class Connection {
  readonly file: string
  readonly #database: SqliteDatabase
  readonly #statements = new Map<string, SqliteStatement>()
  readonly #turns: TurnQueue
  readonly #log: LogSize
  readonly #openedIn = process.pid
  #closed = false

  constructor(database: SqliteDatabase, file: string) {
    this.#database = database
    this.file = file
    this.#turns = new TurnQueue(file)
    this.#log = new LogSize(file)
    openHandles.add(database)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Runs `work` in a transaction of its own that holds the file's one write lock. `work` may run more than once. */
  write<T>(what: string, work: () => T): Promise<T> {
    return this.#turns.take(what, () => {
      const value = this.#transact('BEGIN IMMEDIATE', work)
      if (this.#log.isTooLong()) this.#emptyLog()
      return value
    })
  }

  /** Runs `work` on one consistent view of the file; other processes write meanwhile. `work` may run more than once. */
  read<T>(what: string, work: () => T): Promise<T> {
    return this.#turns.take(what, () => this.#transact('BEGIN', work))
  }

  /** Runs one reading statement. */
  readOne<T>(what: string, work: () => T): Promise<T> {
    return this.#turns.take(what, () => {
      this.assertUsable()
      try {
        return work()
      } catch (error) {
        throw isBusy(error) ? error : translateError(error, this.file)
      }
    })
  }

  all<Row>(sql: string, ...values: SqliteValue[]): Row[] {
    return this.#statement(sql).all(values) as Row[]
  }

  get<Row>(sql: string, ...values: SqliteValue[]): Row | undefined {
    return this.#statement(sql).all(values)[0] as Row | undefined
  }

  run(sql: string, ...values: SqliteValue[]): void {
    this.#statement(sql).run(values)
  }

  /** Runs a script of statements that is not worth keeping prepared. */
  execute(sql: string): void {
    this.#database.exec(sql)
  }

  /** @throws ForkedBrokerError, @throws BrokerUnavailableError after `close`. */
  assertUsable(): void {
    if (process.pid !== this.#openedIn) throw new ForkedBrokerError(this.#openedIn, process.pid)
    if (this.#closed) throw new BrokerUnavailableError(`the broker of ${this.file} is closed; open another one`)
  }

  close(): void {
    if (process.pid !== this.#openedIn) throw new ForkedBrokerError(this.#openedIn, process.pid)
    if (this.#closed) return
    this.#closed = true
    this.#turns.close(() => new BrokerUnavailableError(`the broker of ${this.file} was closed meanwhile`))
    this.#statements.clear()
    openHandles.delete(this.#database)
    this.#database.close()
  }

  #transact<T>(begin: string, work: () => T): T {
    this.assertUsable()
    try {
      this.#database.exec(begin)
      const value = work()
      this.#database.exec('COMMIT')
      return value
    } catch (error) {
      this.#rollBack()
      throw isBusy(error) ? error : translateError(error, this.file)
    }
  }

  #emptyLog(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // Somebody was in the way, or the disk is full: what is committed stays so, and a later write tries again.
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // BEGIN itself failed, or SQLite has rolled back already: both leave nothing to do.
    }
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
