import { createRequire } from 'node:module'
import { BrokerUnavailableError } from '../../errors.ts'

/** What the broker needs of an SQLite library. All calls are synchronous. */
export interface SqliteDriver {
  readonly name: 'node:sqlite' | '@photostructure/sqlite' | 'libsql'
  open(file: string): SqliteDatabase
}

export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

/** Values are bound in the order of the question marks, which must be bare: Node 22.13 cannot bind `?1`. */
export interface SqliteStatement {
  run(values: readonly SqliteValue[]): void
  all(values: readonly SqliteValue[]): unknown[]
}

export type SqliteValue = string | number | null

/** Node's own SQLite where this Node has it, else its drop-in replacement, else libsql; both are optional packages. */
export function loadDriver(): SqliteDriver {
  const node = loadNodeSqlite()
  if (node !== undefined) return nodeStyle('node:sqlite', node)
  const failures: unknown[] = []
  for (const load of [loadPhotostructure, loadLibsql]) {
    try {
      return load()
    } catch (error) {
      failures.push(error)
    }
  }
  throw new BrokerUnavailableError(
    `no SQLite for Node ${process.versions.node} on ${process.platform}-${process.arch}: it has no node:sqlite, and neither ` +
      '@photostructure/sqlite nor libsql could be loaded. Use Node 22.13 or later, or run: npm install @photostructure/sqlite',
    { cause: new AggregateError(failures) },
  )
}

interface NodeSqlite {
  readonly DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void
    prepare(sql: string): { run(...values: SqliteValue[]): unknown; all(...values: SqliteValue[]): unknown[] }
    close(): void
  }
}

/** A driver over node:sqlite's API. */
function nodeStyle(name: SqliteDriver['name'], { DatabaseSync }: NodeSqlite): SqliteDriver {
  return {
    name,
    open(file) {
      const database = new DatabaseSync(file)
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

function loadPhotostructure(): SqliteDriver {
  return nodeStyle('@photostructure/sqlite', requireHere('@photostructure/sqlite') as NodeSqlite)
}

interface Libsql {
  new (
    file: string,
  ): {
    exec(sql: string): void
    prepare(sql: string): {
      run(values: readonly SqliteValue[]): unknown
      all(values: readonly SqliteValue[]): unknown[]
    }
    close(): void
  }
}

function loadLibsql(): SqliteDriver {
  const Database = requireHere('libsql') as Libsql
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

const requireHere = createRequire(import.meta.url)
