import { BrokerUnavailableError } from '../../errors.ts'

/** States of a server that pass. It has refused the command, so the command can be sent again. */
const PASSING: Readonly<Record<string, string>> = {
  LOADING: 'it is still loading its data',
  READONLY: 'it is a replica that takes no writes',
  MASTERDOWN: 'it is a replica that has lost its master',
  BUSY: 'it is busy with a script',
  CLUSTERDOWN: 'the cluster is down',
  TRYAGAIN: 'the cluster is moving the keys',
  NOREPLICAS: 'it has too few replicas to take writes',
}

/** States that somebody has to mend. */
const REFUSING: Readonly<Record<string, string>> = {
  OOM: 'it is out of memory (maxmemory); give it more, or remove keys',
  MISCONF: 'it cannot save to its disk and takes no writes; see its log',
  NOAUTH: 'it wants a password; write it into the URL, redis://user:password@host',
  WRONGPASS: 'user or password is wrong',
  NOPERM: 'the user lacks a permission',
  DENIED: 'it is in protected mode',
  MOVED: 'it is a node of a cluster, and the keys are on another one; use redis+cluster://host:port?prefix={rq}',
}

const CONNECTION =
  /ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES|CERT|TLS|SSL|certificate|Connection is closed|Stream isn't writeable|sentinels are unreachable|Socket closed|Socket timeout|Failed to refresh slots|Cluster isn't ready/i

export type Trouble =
  /** The server refused and will take it later. */
  | { readonly kind: 'passing'; readonly reason: string }
  /** The connection broke: whether the command was carried out is not known. */
  | { readonly kind: 'connection'; readonly reason: string }
  /** The server refuses until somebody mends it. */
  | { readonly kind: 'refusing'; readonly reason: string }
  /** Anything else is a mistake of ours. */
  | { readonly kind: 'mistake' }

export function diagnose(error: unknown): Trouble {
  const message = error instanceof Error ? error.message : String(error)
  // Inside a script the server's word comes after others.
  const word = /(?:^|-|: )([A-Z]{3,})\b/.exec(message)?.[1] ?? ''
  if (word in PASSING) return { kind: 'passing', reason: `${PASSING[word]} (${word})` }
  if (/Script killed by user/i.test(message))
    return { kind: 'passing', reason: 'somebody killed the script (SCRIPT KILL)' }
  if (/unable to write to disk|RDB snapshots/i.test(message))
    return { kind: 'refusing', reason: REFUSING['MISCONF'] ?? '' }
  if (/read only replica/i.test(message)) return { kind: 'passing', reason: `${PASSING['READONLY']} (READONLY)` }
  if (word in REFUSING) return { kind: 'refusing', reason: `${REFUSING[word]} (${message})` }
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  if (CONNECTION.test(`${code} ${message}`)) return { kind: 'connection', reason: message }
  return { kind: 'mistake' }
}

export function unavailable(url: string, reason: string, cause?: unknown): BrokerUnavailableError {
  return new BrokerUnavailableError(`${url}: ${reason}`, cause === undefined ? undefined : { cause })
}
