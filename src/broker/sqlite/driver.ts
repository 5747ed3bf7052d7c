import { createRequire } from 'node:module'
import { BrokerUnavailableError } from '../../errors.ts'

/** What the broker needs of an SQLite library. All calls are synchronous. */
export interface SqliteDriver {
  readonly name: 'node:sqlite' | 'libsql'
  open(file: string): SqliteDatabase
}

export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

/** Values are bound in the order of the question marks. */
export interface SqliteStatement {
  run(values: readonly SqliteValue[]): void
  all(values: readonly SqliteValue[]): unknown[]
}

export type SqliteValue = string | number | null

/** Node's own SQLite where this Node has it, else the optional package libsql. */
export function loadDriver(): SqliteDriver {
  return fromNode() ?? fromLibsql()
}

interface NodeSqlite {
  readonly DatabaseSync: new (
    file: string,
    options: { timeout: number },
  ) => {
    exec(sql: string): void
    prepare(sql: string): { run(...values: SqliteValue[]): unknown; all(...values: SqliteValue[]): unknown[] }
    close(): void
  }
}

function fromNode(): SqliteDriver | undefined {
  const module = loadNodeSqlite()
  if (module === undefined) return undefined
  return {
    name: 'node:sqlite',
    open(file) {
      const database = new module.DatabaseSync(file, { timeout: 0 })
      return {
        exec: (sql) => database.exec(sql),
        prepare(sql) {
          const statement = database.prepare(sql)
          return { run: (values) => void statement.run(...values), all: (values) => statement.all(...values) }
        },
        close: () => database.close(),
      }
    },
  }
}

/** Loading node:sqlite warns that it is experimental; that one warning says nothing to the user of a job queue. */
function loadNodeSqlite(): NodeSqlite | undefined {
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('SQLite is ')) return
    ;(emitWarning as (...args: unknown[]) => void).call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    return process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

interface Libsql {
  new (
    file: string,
  ): {
    exec(sql: string): void
    prepare(sql: string): { run(values: readonly SqliteValue[]): unknown; all(values: readonly SqliteValue[]): unknown[] }
    close(): void
  }
}

function fromLibsql(): SqliteDriver {
  const Database = loadLibsql()
  return {
    name: 'libsql',
    open(file) {
      const database = new Database(file)
      return {
        exec: (sql) => database.exec(sql),
        prepare(sql) {
          const statement = database.prepare(sql)
          return { run: (values) => void statement.run(values), all: (values) => statement.all(values) }
        },
        close: () => database.close(),
      }
    },
  }
}

function loadLibsql(): Libsql {
  try {
    return createRequire(import.meta.url)('libsql') as Libsql
  } catch (error) {
    throw new BrokerUnavailableError(
      `no SQLite for Node ${process.versions.node} on ${process.platform}-${process.arch}: it has no node:sqlite, and the package libsql could not be loaded. ` +
        'Use Node 22.13 or later, or run: npm install libsql',
      { cause: error },
    )
  }
}
