import type { JobFailure } from '../../job/failure.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { decodeCall, type Serializer } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import { parseTime } from './codec/times.ts'
import type { Reply } from './connection.ts'
import { RQ_DEFAULTS } from './job-fields.ts'
import { given, readDuration, readMeta, readPolicies } from './record.ts'
import { asList, asNumber, asText, Hash } from './reply.ts'

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
  const [id, execution, slotName, attempt, started, flat] = asList(reply)
  const base = { jobId: asText(id), executionId: asText(execution), slot: asText(slotName) }
  try {
    const now = { executionId: base.executionId, attempt: asNumber(attempt), startedAt: asText(started) }
    return { job: readJob(base.jobId, now, new Hash(asList(flat))), ...base }
  } catch (error) {
    // Whatever is wrong with one job must not take the others along that were claimed with it.
    const message = error instanceof PayloadError ? error.message : `the job cannot be read: ${String(error)}`
    return { failure: { kind: 'unreadable-payload', name: 'PayloadError', message }, ...base }
  }
}

/** What the claim has made of the job, whose hash is as it was before. */
interface Execution {
  readonly executionId: string
  readonly attempt: number
  readonly startedAt: string
}

function readJob(id: string, now: Execution, hash: Hash): NonNullable<Claim['job']> {
  const { name, args, serializer } = decodeCall(hash.bytes('data') ?? Buffer.alloc(0))
  const { dependsOn: _, ...policies } = readPolicies(hash)
  const createdAt = parseTime(hash.text('created_at')) ?? Date.now()
  const claimed: ClaimedJob = {
    id,
    name,
    queue: hash.text('origin') ?? 'default',
    args,
    executionId: now.executionId,
    attempt: now.attempt || 1,
    timeoutMs: readDuration(hash.number('wh_timeout'), hash.number('timeout')) ?? RQ_DEFAULTS.timeoutMs,
    createdAt,
    enqueuedAt: parseTime(hash.text('enqueued_at')) ?? createdAt,
    startedAt: parseTime(now.startedAt) ?? Date.now(),
    ...given('meta', readMeta(hash.bytes('meta'))),
    ...given('group', hash.text('group_id')),
    ...policies,
  }
  return { claimed, serializer }
}
