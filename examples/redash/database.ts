import { resolve } from 'node:path'
import { DataSource } from 'typeorm'
import { schemas } from './models/schemas.ts'
import { SnakeCaseNamingStrategy } from './naming-strategy.ts'
import { SqliteDatabase } from './sqlite-driver.ts'

/**
 * TypeORM's `initialize()` connects and then builds the metadata of all entities: it resolves the names of
 * relations' targets, finds their inverse sides and join columns, and validates the whole. That work needs no
 * connection and comes out the same in every process, so here it can be done apart, once, and earlier.
 */
export class RedashDataSource extends DataSource {
  #mappers: Promise<void> | undefined
  #opening: Promise<this> | undefined
  #lastTurn: Promise<unknown> = Promise.resolve()
  readonly path: string

  constructor(path: string) {
    super({
      type: 'better-sqlite3',
      driver: SqliteDatabase,
      database: path,
      // A path that is wrong must not become a new, empty database. The schema's creation lifts this.
      fileMustExist: true,
      // Many horses write to one file. SQLite lets one of them write at a time; the others wait this long.
      timeout: 30_000,
      entities: schemas,
      namingStrategy: new SnakeCaseNamingStrategy(),
    })
    this.path = path
  }

  /** Build the metadata now, without a connection, unless it is built already. SQLAlchemy's call of that name. */
  configureMappers(): Promise<void> {
    return this.buildMetadatas()
  }

  /** The connection of this process, opened at its first use. */
  open(): Promise<this> {
    this.#opening ??= this.initialize().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Close the connection; the metadata stays, and `open` opens another one. */
  override destroy(): Promise<void> {
    this.#opening = undefined
    return super.destroy()
  }

  /**
   * One connection holds one transaction at a time. A horse has one job and never waits here; where a process runs
   * several jobs at once, they take turns.
   */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => {})
    return turn
  }

  protected override buildMetadatas(): Promise<void> {
    this.#mappers ??= super.buildMetadatas().catch((error: unknown) => {
      this.#mappers = undefined
      throw error
    })
    return this.#mappers
  }
}

/** The application's database: `REDASH_DATABASE`, else redash.db in the working directory. Not open yet. */
export const database = new RedashDataSource(resolve(process.env['REDASH_DATABASE'] || 'redash.db'))
