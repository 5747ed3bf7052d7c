import type { JobFailure } from '../../job/failure.ts'
import type { ExecutionOutcome } from '../broker.ts'
import { compressText } from './codec/compress.ts'
import { encodeValue, type Serializer } from './codec/payload.ts'
import type { Argument } from './connection.ts'
import { tracebackOf } from './result-entry.ts'
import type { SlotTally } from './slot-book.ts'

/**
 * Adds it as scripts/lib/outcome.lua takes it. A result is written in the serializer that its job came in; `jobs` are those to
 * store, encoded, and `tally` is what its slot has done with it.
 */
export function addOutcome(
  encoded: Argument[],
  outcome: ExecutionOutcome,
  serializer: Serializer,
  tally: SlotTally | undefined,
  jobs: readonly Argument[],
): void {
  encoded.push(
    outcome.type,
    outcome.jobId,
    outcome.executionId,
    outcome.bill === undefined ? '' : JSON.stringify(outcome.bill),
    encodeBody(outcome, serializer),
  )
  if (tally === undefined) encoded.push('', '', '')
  else encoded.push(tally.finished, tally.failed, tally.seconds.toFixed(6))
  const again = delayOf(outcome)
  // Most have nothing of this.
  if (again === undefined && !('failure' in outcome) && jobs.length === 0) {
    encoded.push('')
    return
  }
  encoded.push(
    '1',
    'failure' in outcome ? JSON.stringify(outcome.failure) : '',
    again === undefined ? '' : Math.round(again.delayMs),
    again?.atFront === true ? '1' : '',
  )
  if (jobs.length === 0) encoded.push(0)
  else for (const argument of jobs) encoded.push(argument)
}

export function encodeTraceback(failure: JobFailure): string {
  return compressText(tracebackOf(failure)).toString('base64')
}

function encodeBody(outcome: ExecutionOutcome, serializer: Serializer): string {
  if ('failure' in outcome) return encodeTraceback(outcome.failure)
  // RQ leaves out None.
  if (outcome.type !== 'finished' || outcome.result === 'null') return ''
  return encodeValue(outcome.result, serializer).toString('base64')
}

function delayOf(outcome: ExecutionOutcome): { readonly delayMs: number; readonly atFront?: boolean } | undefined {
  if (outcome.type === 'finished') return outcome.repeat
  return outcome.type === 'failed' ? outcome.retry : undefined
}
