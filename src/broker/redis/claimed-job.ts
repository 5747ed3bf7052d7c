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

/** One claimed job as scripts/lib/claim.lua tells of it, beside its bytes. Names of the hash's fields are the hash's. */
interface ClaimTexts {
  readonly id: string
  readonly execution: string
  readonly slot: string
  readonly attempt?: string
  readonly started_at?: string
  readonly origin?: string
  readonly created_at?: string
  readonly enqueued_at?: string
  readonly timeout?: string
  readonly wh_timeout?: string
  readonly group_id?: string
  readonly wh_options?: string
  readonly retries_left?: string
  readonly repeats_left?: string
  readonly [more: string]: string | undefined
}

/** What scripts/job-exchange.lua has claimed: JSON of a list of ClaimTexts, and of each its data and meta. */
export function readClaims(texts: Reply | undefined, bytes: Reply | undefined): Claim[] {
  const list = JSON.parse(asText(texts)) as ClaimTexts[]
  const payloads = asList(bytes)
  return list.map((claim, index) => readClaim(claim, payloads[index * 2], payloads[index * 2 + 1]))
}

function readClaim(texts: ClaimTexts, data: Reply | undefined, meta: Reply | undefined): Claim {
  const { id: jobId, execution: executionId, slot } = texts
  try {
    return { job: readJob(texts, asBytes(data), asBytes(meta)), jobId, executionId, slot }
  } catch (error) {
    // Whatever is wrong with one job must not take the others along that were claimed with it.
    const message = error instanceof PayloadError ? error.message : `the job cannot be read: ${String(error)}`
    return { failure: { kind: 'unreadable-payload', name: 'PayloadError', message }, jobId, executionId, slot }
  }
}

function readJob(texts: ClaimTexts, data: Buffer, metaBytes: Buffer): NonNullable<Claim['job']> {
  const { name, args, serializer } = decodeCall(data)
  const now = Date.now()
  const createdAt = parseTime(texts.created_at) ?? now
  // One property after the other: this runs for every job, and most have nothing of the rest.
  const claimed: Mutable<ClaimedJob> = {
    id: texts.id,
    name,
    queue: texts.origin || 'default',
    args,
    executionId: texts.execution,
    attempt: Number(texts.attempt) || 1,
    timeoutMs: readDuration(toNumber(texts.wh_timeout), toNumber(texts.timeout)) ?? RQ_DEFAULTS.timeoutMs,
    createdAt,
    enqueuedAt: parseTime(texts.enqueued_at) ?? createdAt,
    startedAt: parseTime(texts.started_at) ?? now,
  }
  const meta = readMeta(metaBytes)
  if (meta !== undefined) claimed.meta = meta
  if (texts.group_id) claimed.group = texts.group_id
  if (texts.wh_options || texts.retries_left || texts.repeats_left) {
    const { dependsOn: _, ...policies } = readPolicies(new TextFields(texts))
    Object.assign(claimed, policies)
  }
  return { claimed, serializer }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
