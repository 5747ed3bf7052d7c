import { UsageError } from '../../errors.ts'
import { nearest } from '../../support/did-you-mean.ts'
import { parseDuration } from '../../support/duration.ts'
import { SERIALIZERS, type Serializer } from './codec/payload.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where a Redis or Valkey is, and how jobs are kept in it. */
export interface RedisOptions {
  readonly at:
    | { readonly kind: 'tcp'; readonly address: Address }
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'sentinel'; readonly sentinels: readonly Address[]; readonly master: string }
    | { readonly kind: 'cluster'; readonly nodes: readonly Address[] }
  readonly tls: boolean
  /** Files of PEM text. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly username?: string
  readonly password?: string
  readonly sentinelPassword?: string
  readonly db: number
  /** In front of every key. */
  readonly prefix: string
  /** What new jobs are written in. Jobs are read in either, and answered in what they came in. */
  readonly serializer: Serializer
  /** How long a call waits for a Redis that cannot be reached. */
  readonly patienceMs: number
}

const SCHEMES: Readonly<Record<string, { readonly kind: RedisOptions['at']['kind']; readonly tls: boolean }>> = {
  redis: { kind: 'tcp', tls: false },
  rediss: { kind: 'tcp', tls: true },
  'redis+unix': { kind: 'unix', tls: false },
  'redis+sentinel': { kind: 'sentinel', tls: false },
  'rediss+sentinel': { kind: 'sentinel', tls: true },
  'redis+cluster': { kind: 'cluster', tls: false },
  'rediss+cluster': { kind: 'cluster', tls: true },
}

const OPTIONS = ['db', 'prefix', 'serializer', 'patience', 'ca', 'cert', 'key', 'sentinelPassword'] as const

const FORM: Readonly<Record<RedisOptions['at']['kind'], string>> = {
  tcp: 'redis://user:password@host:6379/0',
  unix: 'redis+unix:///run/redis/redis.sock?db=0',
  sentinel: 'redis+sentinel://host1:26379,host2:26379/mymaster/0',
  cluster: 'redis+cluster://host1:6379,host2:6379?prefix={rq}',
}

/** @throws UsageError, without the password in it */
export function parseRedisUrl(url: string): RedisOptions {
  const match = /^([a-z+]+):\/\/(?:([^@/?]*)@)?([^/?]*)(\/[^?]*)?(?:\?(.*))?$/i.exec(url)
  const name = /^[a-z+]*/i.exec(url)?.[0].toLowerCase().replace('valkey', 'redis') ?? ''
  const scheme = SCHEMES[name === 'unix' ? 'redis+unix' : name]
  if (match === null || scheme === undefined) throw wrong(url, 'cannot be read', scheme?.kind ?? 'tcp')
  const [, , credentials, hosts = '', path = '', query = ''] = match
  const place = parsePlace(url, scheme.kind, hosts, path)
  const options = parseQuery(url, query)
  if (place.db !== undefined && options.db !== undefined && place.db !== options.db) {
    throw wrong(url, `names two databases, ${place.db} and ${options.db}`, scheme.kind)
  }
  const db = options.db ?? place.db ?? 0
  const prefix = options.prefix ?? (scheme.kind === 'cluster' ? '{rq}' : 'rq')
  if (scheme.kind === 'cluster') assertOneSlot(url, prefix, db)
  return {
    serializer: 'json',
    patienceMs: 5000,
    ...options,
    at: place.at,
    tls: scheme.tls,
    ...parseCredentials(url, credentials),
    db,
    prefix,
  }
}

/** For logs: without user, password and options. */
export function formatRedisUrl(options: RedisOptions): string {
  const { at, tls, db, prefix } = options
  const scheme = tls ? 'rediss' : 'redis'
  const shown = prefix === 'rq' || (at.kind === 'cluster' && prefix === '{rq}') ? '' : `?prefix=${prefix}`
  const list = (addresses: readonly Address[]) => addresses.map(({ host, port }) => `${host}:${port}`).join(',')
  switch (at.kind) {
    case 'tcp':
      return `${scheme}://${list([at.address])}/${db}${shown}`
    case 'unix':
      return `unix://${at.path}?db=${db}${shown.replace('?', '&')}`
    case 'sentinel':
      return `${scheme}+sentinel://${list(at.sentinels)}/${at.master}/${db}${shown}`
    case 'cluster':
      return `${scheme}+cluster://${list(at.nodes)}${shown}`
  }
}

function parsePlace(url: string, kind: RedisOptions['at']['kind'], hosts: string, path: string) {
  if (kind === 'unix') {
    const file = decode(url, hosts === '' ? path : '')
    if (file === '' || file.endsWith('/')) throw wrong(url, 'names no socket', kind)
    return { at: { kind, path: file } as const, db: undefined }
  }
  const parts = path.split('/').filter((part) => part !== '')
  if (kind === 'sentinel') {
    const [master, db, ...rest] = parts
    if (master === undefined || rest.length > 0) throw wrong(url, 'names no master', kind)
    return { at: { kind, sentinels: addresses(url, hosts, 26379, kind), master } as const, db: parseDb(url, db, kind) }
  }
  if (parts.length > 1) throw wrong(url, 'has too many parts', kind)
  const db = parseDb(url, parts[0], kind)
  if (kind === 'cluster') return { at: { kind, nodes: addresses(url, hosts, 6379, kind) } as const, db }
  const [address, ...more] = addresses(url, hosts || 'localhost', 6379, kind)
  if (address === undefined || more.length > 0) throw wrong(url, 'names more than one host', kind)
  return { at: { kind, address } as const, db }
}

function addresses(url: string, hosts: string, port: number, kind: RedisOptions['at']['kind']): Address[] {
  return hosts.split(',').map((text) => {
    const match = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(text)
    const given = match?.[2] === undefined ? port : Number(match[2])
    const host = match?.[1] || (match === null || hosts.includes(',') ? '' : 'localhost')
    if (host === '' || given < 1 || given > 65535) throw wrong(url, `has no host and port in '${text}'`, kind)
    return { host: host.replace(/^\[|\]$/g, ''), port: given }
  })
}

function parseDb(url: string, text: string | undefined, kind: RedisOptions['at']['kind']): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text)) throw wrong(url, `has '${text}' for the number of a database`, kind)
  return Number(text)
}

function parseCredentials(url: string, text: string | undefined): { username?: string; password?: string } {
  if (text === undefined || text === '') return {}
  const colon = text.indexOf(':')
  const username = decode(url, colon === -1 ? text : text.slice(0, colon))
  if (colon === -1) throw wrong(url, 'has a user without a password: write user:password@, or :password@', 'tcp')
  const password = decode(url, text.slice(colon + 1))
  return username === '' ? { password } : { username, password }
}

function parseQuery(url: string, query: string): { db?: number } & Partial<Omit<RedisOptions, 'db' | 'at' | 'tls'>> {
  const given: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(query)) {
    const known = OPTIONS.find((option) => option === name)
    if (known === undefined) {
      throw new UsageError(`unknown broker option '${name}'${hint(name, OPTIONS)}; Redis has ${OPTIONS.join(', ')}`)
    }
    given[known] = parseOption(url, known, value)
  }
  const { patience, ...rest } = given
  return { ...rest, ...(patience === undefined ? {} : { patienceMs: patience as number }) }
}

function parseOption(url: string, name: (typeof OPTIONS)[number], value: string): unknown {
  if (name === 'db') return parseDb(url, value, 'tcp')
  if (name === 'patience') {
    return parseDuration(/^\d+$/.test(value) ? Number(value) : value, 'broker option patience')
  }
  if (name === 'serializer' && !SERIALIZERS.some((known) => known === value)) {
    throw new UsageError(
      `broker option serializer is '${value}'${hint(value, SERIALIZERS)}; it is one of ${SERIALIZERS.join(', ')}`,
    )
  }
  if (name === 'prefix' && !/^[^\s:]+$/.test(value)) {
    throw new UsageError(
      `broker option prefix is '${value}'; it is a word without blanks and colons, such as rq or {rq}`,
    )
  }
  if (value === '') throw new UsageError(`broker option ${name} has no value`)
  return value
}

/** What stands in braces alone decides about the slot of a key. */
export function hasTag(prefix: string): boolean {
  return /\{[^}]+\}/.test(prefix)
}

/** On a cluster one script may touch only keys of one slot; a hash tag in the prefix puts all of them there. */
function assertOneSlot(url: string, prefix: string, db: number): void {
  if (!hasTag(prefix)) {
    throw wrong(url, `has the prefix '${prefix}'; on a cluster it needs a tag, such as {${prefix}}`, 'cluster')
  }
  if (db !== 0) throw wrong(url, 'names a database; a cluster has only one', 'cluster')
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong(url, "has a '%' that starts no escape; write it as %25", 'tcp')
  }
}

function wrong(url: string, what: string, kind: RedisOptions['at']['kind']): UsageError {
  const shown = url.replace(/\/\/[^@/]*@/, '//…@')
  return new UsageError(`broker URL '${shown}' ${what}; write for example ${FORM[kind]}`)
}

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? '' : `, did you mean '${near}'?`
}
