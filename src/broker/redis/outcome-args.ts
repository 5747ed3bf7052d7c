import type { JobFailure } from '../../job/failure.ts'
import type { ExecutionOutcome } from '../broker.ts'
import { compressText } from './codec/compress.ts'
import { encodeValue, type Serializer } from './codec/payload.ts'
import type { Argument } from './connection.ts'
import { tracebackOf } from './result-entry.ts'
import type { SlotTally } from './slot-book.ts'

/**
 * Adds it as scripts/lib/outcome.lua takes it. A result is written in the serializer that its job came in; `jobs` are those to
 * store, encoded, and `tally` is what its slot has done with it. One text for all of it: a client does much for each argument.
 */
export function addOutcome(
  encoded: Argument[],
  outcome: ExecutionOutcome,
  serializer: Serializer,
  tally: SlotTally | undefined,
  jobs: readonly Argument[],
): void {
  const bill = outcome.bill === undefined ? '' : JSON.stringify(outcome.bill)
  const text = `${outcome.type}\0${outcome.jobId}\0${outcome.executionId}\0${bill}\0${encodeBody(outcome, serializer)}\0`
  const again = delayOf(outcome)
  // Most have nothing of this.
  if (tally === undefined && again === undefined && !('failure' in outcome) && jobs.length === 0) {
    encoded.push(text)
    return
  }
  const done = tally === undefined ? '\0\0' : `${tally.finished}\0${tally.failed}\0${tally.seconds.toFixed(6)}`
  const failure = 'failure' in outcome ? JSON.stringify(outcome.failure) : ''
  const delay = again === undefined ? '' : Math.round(again.delayMs)
  encoded.push(`${text}${done}\0${failure}\0${delay}\0${again?.atFront === true ? '1' : ''}\0`)
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
