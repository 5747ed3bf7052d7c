import type { JobFailure } from '../../job/failure.ts'
import type { Bill, JobResultEntry } from '../../job/record.ts'
import { decompress } from './codec/compress.ts'
import { decodeValue } from './codec/payload.ts'
import { PayloadError } from './codec/payload-error.ts'
import type { Hash } from './reply.ts'

/** RQ's types of an entry in rq:results. Stopped jobs have 2 there, too. */
const RQ_TYPES: Readonly<Record<string, JobResultEntry['type']>> = {
  '1': 'finished',
  '2': 'failed',
  '3': 'stopped',
  '4': 'retried',
  '5': 'failed',
}

/** An entry of a job's history, ours or Python's. */
export function toResultEntry(at: number, entry: Hash): JobResultEntry {
  const type =
    (entry.text('wh_type') as JobResultEntry['type'] | undefined) ?? RQ_TYPES[entry.text('type') ?? ''] ?? 'failed'
  const worker = entry.text('wh_worker') ?? entry.text('worker_name')
  const executionId = entry.text('execution_id')
  const bill = entry.text('wh_bill')
  return {
    type,
    at,
    ...(executionId === undefined ? {} : { executionId }),
    ...(worker === undefined ? {} : { worker }),
    ...(type === 'finished' ? { result: readResult(entry) } : { failure: readFailure(entry) }),
    ...(bill === undefined ? {} : { bill: JSON.parse(bill) as Bill }),
  }
}

function readResult(entry: Hash): string {
  const text = entry.text('return_value')
  if (text === undefined) return 'null'
  try {
    return decodeValue(Buffer.from(text, 'base64'), 'result')
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error
    // A Python worker has returned what only Python can read. That it finished is what counts.
    return JSON.stringify(`unreadable result: ${error.message}`)
  }
}

function readFailure(entry: Hash): JobFailure {
  const own = entry.text('wh_failure')
  if (own !== undefined) return JSON.parse(own) as JobFailure
  const text = entry.text('exc_string')
  return failureOfTraceback(text === undefined ? '' : decompress(Buffer.from(text, 'base64')).toString('utf8'))
}

/** A Python traceback: its last line that is not indented names the exception. */
export function failureOfTraceback(traceback: string): JobFailure {
  const last =
    traceback
      .trimEnd()
      .split('\n')
      .findLast((line) => /^\S/.test(line)) ?? ''
  const match = /^([\w.]+)(?:: (.*))?$/.exec(last)
  const stack = traceback === '' ? {} : { stack: traceback }
  if (match === null || traceback === last)
    return { kind: 'error', name: 'Error', message: last || 'no traceback was kept', ...stack }
  return { kind: 'error', name: match[1] ?? 'Error', message: match[2] ?? '', ...stack }
}

/** A failure as RQ's dashboards show it: what went wrong first, then where, then what it was caused by. */
export function tracebackOf(failure: JobFailure): string {
  const { name, message, stack, cause, stderrTail } = failure
  const where =
    stack === undefined || stack.startsWith(`${name}: ${message}`)
      ? (stack ?? `${name}: ${message}`)
      : `${name}: ${message}\n${stack}`
  const parts = [where]
  if (cause !== undefined) parts.push(`Caused by ${cause.stack ?? `${cause.name}: ${cause.message}`}`)
  if (stderrTail) parts.push(`Standard error:\n${stderrTail}`)
  return `${parts.join('\n\n')}\n`
}
