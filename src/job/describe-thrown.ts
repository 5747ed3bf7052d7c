import { inspect } from 'node:util'
import type { FailureKind, JobFailure } from './failure.ts'

/** A failure out of whatever was thrown: anything can be, errors and strings, null and proxies alike. */
export function describeThrown(thrown: unknown, kind: FailureKind): JobFailure {
  try {
    if (thrown instanceof Error || isErrorLike(thrown)) return describeError(thrown, kind)
    return {
      kind,
      name: 'NonError',
      message: `a value that is not an Error was thrown: ${inspect(thrown, { depth: 2 })}`,
    }
  } catch {
    return { kind, name: 'NonError', message: 'a value that cannot be inspected was thrown' }
  }
}

/** Errors of another realm (vm, jest) are not instances of ours. */
function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value
}

function describeError(error: Error, kind: FailureKind): JobFailure {
  const code = (error as { code?: unknown }).code
  return {
    kind,
    name: String(error.name),
    message: String(error.message),
    ...(typeof error.stack === 'string' ? { stack: error.stack } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.cause === undefined ? {} : { cause: describeCause(error.cause) }),
  }
}

function describeCause(cause: unknown): NonNullable<JobFailure['cause']> {
  if (!(cause instanceof Error)) return { name: 'NonError', message: inspect(cause, { depth: 2 }) }
  const { name, message, stack } = cause
  return stack === undefined ? { name, message } : { name, message, stack }
}
