import { UsageError } from '../errors.ts'
import { nearest } from '../support/did-you-mean.ts'
import type { Broker } from './broker.ts'
import { REDIS_SCHEMES } from './redis/schemes.ts'

export interface ConnectOptions {
  /** Where a relative file of an `sqlite:` URL is looked up; the working directory where not given. */
  readonly cwd?: string
}

// Imported when asked for: whoever uses another broker needs neither an SQLite library nor a Redis client.
const openSqlite = async (url: string, cwd: string): Promise<Broker> =>
  (await import('./sqlite/open.ts')).openSqliteBroker(url, cwd)
const openRedis = async (url: string): Promise<Broker> => (await import('./redis/open.ts')).openRedisBroker(url)

const SCHEMES: Readonly<Record<string, (url: string, cwd: string) => Promise<Broker>>> = {
  sqlite: openSqlite,
  ...Object.fromEntries(REDIS_SCHEMES.map((scheme) => [scheme, openRedis])),
}

/**
 * Opens the broker that `url` names, for example `sqlite:workhorse.db`, `sqlite:///var/lib/app/jobs.db?synchronous=full` or
 * `redis://localhost:6379/1`.
 * @throws UsageError where the URL is wrong, @throws BrokerUnavailableError where the broker cannot be opened.
 */
export async function connectBroker(url: string, options: ConnectOptions = {}): Promise<Broker> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    throw new UsageError(`broker URL '${url}' has no scheme; write for example sqlite:${url || 'workhorse.db'}`)
  }
  const open = SCHEMES[scheme]
  if (open === undefined) throw new UsageError(unknownScheme(scheme))
  return open(url, options.cwd ?? process.cwd())
}

function unknownScheme(scheme: string): string {
  const near = nearest(scheme, Object.keys(SCHEMES))
  const hint = near === undefined ? '' : `, did you mean '${near}:'?`
  return `unknown broker scheme '${scheme}:'${hint}; write for example sqlite:workhorse.db or redis://localhost:6379`
}
