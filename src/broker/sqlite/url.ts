import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../../errors.ts'
import { nearest } from '../../support/did-you-mean.ts'

export const SYNCHRONOUS = ['normal', 'full'] as const

export interface SqliteOptions {
  /** Absolute path of the database file. */
  readonly file: string
  /** `normal` survives the death of any process, `full` also that of the machine, at one disk flush a transaction. */
  readonly synchronous: (typeof SYNCHRONOUS)[number]
}

/** Reads `sqlite:relative.db`, `sqlite:/absolute.db` and `sqlite:///absolute.db`, each with `?synchronous=full` or not. */
export function parseSqliteUrl(url: string, cwd: string): SqliteOptions {
  const rest = url.slice(url.indexOf(':') + 1)
  const queryAt = rest.indexOf('?')
  const location = queryAt === -1 ? rest : rest.slice(0, queryAt)
  const query = queryAt === -1 ? '' : rest.slice(queryAt + 1)
  return { file: path.resolve(cwd, parseLocation(location, url)), ...parseQuery(query) }
}

/** The one way in which a database is named in logs. */
export function formatSqliteUrl(options: SqliteOptions): string {
  const query = options.synchronous === 'normal' ? '' : `?synchronous=${options.synchronous}`
  return `sqlite://${pathToFileURL(options.file).pathname}${query}`
}

function parseLocation(location: string, url: string): string {
  if (location === '' || location === '//' || location.endsWith('/')) {
    throw new UsageError(`broker URL '${url}' names no file; write for example sqlite:workhorse.db`)
  }
  if (location.includes(':memory:')) {
    throw new UsageError(`broker URL '${url}': producers and workers share a file, so memory will not do; name a file`)
  }
  if (location.startsWith('//') && !location.startsWith('///')) {
    const name = location.slice(2)
    throw new UsageError(
      `broker URL '${url}' names a host; write sqlite:${name} or, for an absolute path, sqlite:///${name}`,
    )
  }
  try {
    return decodeURIComponent(location.replace(/^\/{3}/, '/'))
  } catch (error) {
    throw new UsageError(`broker URL '${url}' has a '%' that starts no escape; write it as %25`, { cause: error })
  }
}

function parseQuery(query: string): Pick<SqliteOptions, 'synchronous'> {
  let synchronous: SqliteOptions['synchronous'] = 'normal'
  for (const [key, value] of new URLSearchParams(query)) {
    if (key !== 'synchronous')
      throw new UsageError(`unknown broker option '${key}'${hint(key, ['synchronous'])}; SQLite has synchronous`)
    const known = SYNCHRONOUS.find((name) => name === value.toLowerCase())
    if (known === undefined) {
      throw new UsageError(
        `broker option synchronous is '${value}'${hint(value, SYNCHRONOUS)}; it is one of ${SYNCHRONOUS.join(', ')}`,
      )
    }
    synchronous = known
  }
  return { synchronous }
}

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? '' : `, did you mean '${near}'?`
}
