import { createRequire } from 'node:module'
import { BrokerUnavailableError, UsageError } from '../../errors.ts'

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

const DRIVERS = ['node:sqlite', '@photostructure/sqlite', 'libsql'] as const

const LOADERS: Readonly<Record<SqliteDriver['name'], () => SqliteDriver>> = {
  'node:sqlite': () => nodeStyle('node:sqlite', loadNodeSqlite()),
  '@photostructure/sqlite': () =>
    nodeStyle('@photostructure/sqlite', requireHere('@photostructure/sqlite') as NodeSqlite),
  libsql: loadLibsql,
}

/**
 * Node's own SQLite where this Node has it, else its drop-in replacement where that is installed, else libsql, an
 * optional dependency. `WORKHORSE_SQLITE` names one of them instead.
 * @throws BrokerUnavailableError where none can be loaded, @throws UsageError for an unknown name
 */
export function loadDriver(): SqliteDriver {
  const failures: unknown[] = []
  const wanted = wantedDrivers()
  for (const name of wanted) {
    try {
      return LOADERS[name]()
    } catch (error) {
      failures.push(error)
    }
  }
  throw new BrokerUnavailableError(
    `no SQLite for Node ${process.versions.node} on ${process.platform}-${process.arch}: ${wanted.join(', ')} could not be ` +
      'loaded. Use Node 22.13 or later, or run: npm install libsql',
    { cause: new AggregateError(failures) },
  )
}

function wantedDrivers(): readonly SqliteDriver['name'][] {
  const named = process.env['WORKHORSE_SQLITE']
  if (!named) return DRIVERS
  const driver = DRIVERS.find((name) => name === named)
  if (driver) return [driver]
  throw new UsageError(`WORKHORSE_SQLITE: expected one of ${DRIVERS.join(', ')}, got '${named}'`)
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
function loadNodeSqlite(): NodeSqlite {
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('SQLite is ')) return
    ;(emitWarning as (...args: unknown[]) => void).call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    const module = process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined
    if (module === undefined) throw new Error(`Node ${process.versions.node} has no node:sqlite`)
    return module
  } finally {
    process.emitWarning = emitWarning
  }
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
