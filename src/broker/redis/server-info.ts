import { UsageError } from '../../errors.ts'
import type { StoreReport } from '../broker.ts'
import { unavailable } from './redis-error.ts'
import { asText } from './reply.ts'
import type { Store } from './store.ts'
import { hasTag } from './url.ts'

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

/** @throws BrokerUnavailableError where the server is too old, @throws UsageError where it is a cluster and not named as one */
export async function assertSupported(store: Store): Promise<void> {
  const { name, version, fields } = await readServerInfo(store)
  const { at, prefix } = store.options
  if (fields.get('cluster_enabled') === '1' && at.kind !== 'cluster' && !hasTag(prefix)) {
    const hint = `use redis+cluster://host:port,host:port?prefix={${prefix}}, which keeps all keys in one slot`
    throw new UsageError(`${store.url} is a node of a cluster; ${hint}`)
  }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw unavailable(store.url, `is ${name} ${version}; Workhorse needs ${OLDEST.join('.')} or later`)
}

/** What of the server's settings can lose jobs. All of it is in INFO, which managed services allow, unlike CONFIG. */
export function reportServer({ name, version, fields }: ServerInfo): StoreReport {
  const policy = fields.get('maxmemory_policy') ?? 'unknown'
  const isDurable = fields.get('aof_enabled') === '1'
  const warnings: string[] = []
  if (policy !== 'noeviction') {
    warnings.push(
      `maxmemory-policy is ${policy}: when memory runs out ${name} drops keys, jobs among them; set it to noeviction`,
    )
  }
  if (!isDurable) {
    warnings.push(
      `appendonly is off: when ${name} dies, what was stored since its last snapshot is lost; set appendonly to yes`,
    )
  }
  for (const [field, what] of BROKEN) {
    if (fields.get(field) === 'err') warnings.push(`${what} failed the last time; see the log of ${name}`)
  }
  if (fields.get('role') === 'slave') {
    warnings.push(`it is a replica and takes no writes; name the master, or use redis+sentinel:`)
  }
  const memory = fields.get('maxmemory') === '0' ? '' : `, maxmemory ${fields.get('maxmemory_human') ?? '?'}`
  const durable = isDurable ? 'appendonly' : 'no appendonly'
  return { facts: [`${name} ${version}, ${durable}, ${policy}${memory}`], warnings }
}

const BROKEN = [
  ['rdb_last_bgsave_status', 'saving a snapshot'],
  ['aof_last_write_status', 'writing the append-only file'],
  ['aof_last_bgrewrite_status', 'rewriting the append-only file'],
] as const
