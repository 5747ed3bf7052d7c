import type { JobFailure } from '../../job/failure.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { decodeCall, type Serializer } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import { parseTime } from './codec/times.ts'
import type { Reply } from './connection.ts'
import { RQ_DEFAULTS } from './job-fields.ts'
import { readDuration, readMeta, readPolicies } from './record.ts'
import { asBytes, asList, asText, TextFields, toNumber } from './reply.ts'

export interface Claim {
  readonly slot: string
  readonly jobId: string
  readonly executionId: string
  /** Undefined where the payload is not run. */
  readonly job?: { readonly claimed: ClaimedJob; readonly serializer: Serializer }
  readonly failure?: JobFailure
}

/** In the order of scripts/lib/claim.lua, with a NUL between each two. */
const TEXTS = 18

/** What scripts/job-exchange.lua has claimed: of each its texts, its data and its meta. */
export function readClaims(reply: Reply | undefined): Claim[] {
  const flat = asList(reply)
  const claims: Claim[] = []
  for (let at = 0; at + 2 < flat.length; at += 3) {
    claims.push(readClaim(asText(flat[at]).split('\0'), asBytes(flat[at + 1]), asBytes(flat[at + 2])))
  }
  return claims
}

function readClaim(texts: readonly string[], data: Buffer, meta: Buffer): Claim {
  const [jobId = '', executionId = '', slot = ''] = texts
  try {
    if (texts.length !== TEXTS) throw new PayloadError('one of its fields has a NUL in it')
    return { job: readJob(texts, data, meta), jobId, executionId, slot }
  } catch (error) {
    // Whatever is wrong with one job must not take the others along that were claimed with it.
    const message = error instanceof PayloadError ? error.message : `the job cannot be read: ${String(error)}`
    return { failure: { kind: 'unreadable-payload', name: 'PayloadError', message }, jobId, executionId, slot }
  }
}

/** An empty text is what is not set, as RQ writes it. */
function readJob(texts: readonly string[], data: Buffer, metaBytes: Buffer): NonNullable<Claim['job']> {
  const [
    id = '',
    executionId = '',
    ,
    attempt,
    started,
    origin,
    created,
    enqueued,
    timeout,
    ownTimeout,
    group,
    abandonments,
    ...again
  ] = texts
  const { name, args, serializer } = decodeCall(data)
  const now = Date.now()
  const createdAt = parseTime(created) ?? now
  // One property after the other: this runs for every job, and most have nothing of the rest.
  const claimed: Mutable<ClaimedJob> = {
    id,
    name,
    queue: origin || 'default',
    args,
    executionId,
    attempt: Number(attempt) || 1,
    timeoutMs: readDuration(toNumber(ownTimeout), toNumber(timeout)) ?? RQ_DEFAULTS.timeoutMs,
    createdAt,
    enqueuedAt: parseTime(enqueued) ?? createdAt,
    startedAt: parseTime(started) ?? now,
  }
  const meta = readMeta(metaBytes)
  if (meta !== undefined) claimed.meta = meta
  if (group) claimed.group = group
  if (Number(abandonments) > 0) claimed.abandonments = Number(abandonments)
  if (again.some((text) => text !== '')) Object.assign(claimed, policiesOf(again))
  return { claimed, serializer }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function policiesOf([options, retries, retryIntervals, retryAtFront, repeats, repeatIntervals]: readonly (
  | string
  | undefined
)[]): Omit<Partial<ClaimedJob>, 'dependsOn'> {
  const fields = new TextFields({
    wh_options: options,
    retries_left: retries,
    retry_intervals: retryIntervals,
    enqueue_at_front_on_retry: retryAtFront,
    repeats_left: repeats,
    repeat_intervals: repeatIntervals,
  })
  const { dependsOn: _, ...policies } = readPolicies(fields)
  return policies
}
