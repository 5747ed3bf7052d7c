import type { JobFailure } from '../../job/failure.ts'
import type { ExecutionOutcome } from '../broker.ts'
import { compressText } from './codec/compress.ts'
import { encodeValue, type Serializer } from './codec/payload.ts'
import type { Argument } from './connection.ts'
import { tracebackOf } from './result-entry.ts'

/**
 * As scripts/lib/outcome.lua takes it, without the jobs to store. A result is written in the serializer that its job came in.
 */
export function encodeOutcome(outcome: ExecutionOutcome, serializer: Serializer): Argument[] {
  const again = delayOf(outcome)
  return [
    outcome.type,
    outcome.jobId,
    outcome.executionId,
    outcome.bill === undefined ? '' : JSON.stringify(outcome.bill),
    encodeBody(outcome, serializer),
    'failure' in outcome ? JSON.stringify(outcome.failure) : '',
    again === undefined ? '' : Math.round(again.delayMs),
    again?.atFront === true ? '1' : '',
  ]
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
