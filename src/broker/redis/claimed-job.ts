import type { JobFailure } from '../../job/failure.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { decodeCall, type Serializer } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import { parseTime } from './codec/times.ts'
import type { Reply } from './connection.ts'
import { RQ_DEFAULTS } from './job-fields.ts'
import { given, readDuration, readMeta, readPolicies } from './record.ts'
import { asList, asText, Hash } from './reply.ts'

/** The order of CLAIM_FIELDS in scripts/lib/claim.lua. */
const FIELDS = [
  'status',
  'origin',
  'data',
  'meta',
  'created_at',
  'enqueued_at',
  'timeout',
  'wh_timeout',
  'wh_attempts',
  'ttl',
  'wh_options',
  'retries_left',
  'retry_intervals',
  'enqueue_at_front_on_retry',
  'repeats_left',
  'repeat_intervals',
  'group_id',
  'wh_execution',
  'started_at',
] as const

export interface Claim {
  readonly slot: string
  readonly jobId: string
  readonly executionId: string
  /** Undefined where the payload is not run. */
  readonly job?: { readonly claimed: ClaimedJob; readonly serializer: Serializer }
  readonly failure?: JobFailure
}

/** One job that scripts/job-exchange.lua has claimed. */
export function readClaim(reply: Reply): Claim {
  const [id, execution, slotName, values] = asList(reply)
  const base = { jobId: asText(id), executionId: asText(execution), slot: asText(slotName) }
  const hash = Hash.of(FIELDS, asList(values))
  try {
    return { ...base, job: readJob(base.jobId, base.executionId, hash) }
  } catch (error) {
    // Whatever is wrong with one job must not take the others along that were claimed with it.
    const message = error instanceof PayloadError ? error.message : `the job cannot be read: ${String(error)}`
    return { ...base, failure: { kind: 'unreadable-payload', name: 'PayloadError', message } }
  }
}

function readJob(id: string, executionId: string, hash: Hash): NonNullable<Claim['job']> {
  const { name, args, serializer } = decodeCall(hash.bytes('data') ?? Buffer.alloc(0))
  const { dependsOn: _, ...policies } = readPolicies(hash)
  const createdAt = parseTime(hash.text('created_at')) ?? Date.now()
  const claimed: ClaimedJob = {
    id,
    name,
    queue: hash.text('origin') ?? 'default',
    args,
    executionId,
    attempt: hash.number('wh_attempts') ?? 1,
    timeoutMs: readDuration(hash.number('wh_timeout'), hash.number('timeout')) ?? RQ_DEFAULTS.timeoutMs,
    createdAt,
    enqueuedAt: parseTime(hash.text('enqueued_at')) ?? createdAt,
    startedAt: parseTime(hash.text('started_at')) ?? Date.now(),
    ...given('meta', readMeta(hash.bytes('meta'))),
    ...given('group', hash.text('group_id')),
    ...policies,
  }
  return { claimed, serializer }
}
