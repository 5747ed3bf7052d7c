import { UsageError } from '../errors.ts'
import { nearest } from '../support/did-you-mean.ts'
import type { Broker } from './broker.ts'

export interface ConnectOptions {
  /** Where a relative file of an `sqlite:` URL is looked up; the working directory where not given. */
  readonly cwd?: string
}

const SCHEMES: Readonly<Record<string, (url: string, cwd: string) => Promise<Broker>>> = {
  // Imported when asked for: whoever uses another broker needs no SQLite library.
  sqlite: async (url, cwd) => (await import('./sqlite/open.ts')).openSqliteBroker(url, cwd),
}

/**
 * Opens the broker that `url` names, for example `sqlite:workhorse.db` or `sqlite:///var/lib/app/jobs.db?synchronous=full`.
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
  const only = 'this version has SQLite only: write for example sqlite:workhorse.db'
  if (['redis', 'rediss', 'valkey', 'valkeys'].includes(scheme))
    return `broker scheme '${scheme}:' is not there yet; ${only}`
  const near = nearest(scheme, Object.keys(SCHEMES))
  return `unknown broker scheme '${scheme}:'${near === undefined ? '' : `, did you mean '${near}:'?`}; ${only}`
}
