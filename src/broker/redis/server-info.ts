import { unavailable } from './redis-error.ts'
import { asText } from './reply.ts'
import type { Store } from './store.ts'

/** BLMOVE came with it. */
const OLDEST = [6, 2] as const

export interface ServerInfo {
  readonly name: 'Redis' | 'Valkey'
  readonly version: string
  /** What `INFO` says. */
  readonly fields: ReadonlyMap<string, string>
}

export async function readServerInfo(store: Store): Promise<ServerInfo> {
  const lines = asText(await store.command('INFO')).split(/\r?\n/)
  const fields = new Map(
    lines
      .filter((line) => line.includes(':') && !line.startsWith('#'))
      .map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1)] as const
      }),
  )
  const valkey = fields.get('valkey_version')
  return {
    name: valkey === undefined ? 'Redis' : 'Valkey',
    version: valkey ?? fields.get('redis_version') ?? '0',
    fields,
  }
}

/** @throws BrokerUnavailableError where the server is too old */
export async function assertSupported(store: Store): Promise<void> {
  const { name, version } = await readServerInfo(store)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw unavailable(store.url, `is ${name} ${version}; Workhorse needs ${OLDEST.join('.')} or later`)
}
