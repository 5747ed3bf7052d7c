/** A payload that is not run: the text says what is in it, where, and what the sender can do. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError'
}

export const USE_JSON = 'let the sender use rq.serializers.JSONSerializer'

/** Bounds of what is read from a payload, whoever wrote it. */
export const LIMITS = {
  /** Bytes after inflating, and characters of the JSON text that it becomes. */
  size: 32 * 1024 * 1024,
  /** Values of a pickle, and those of them that hold others. */
  values: 4_000_000,
  containers: 400_000,
  /** Lists in lists. */
  depth: 500,
  /** Things remembered for later reference. */
  memo: 1_000_000,
} as const

export function refusedPickle(what: string): PayloadError {
  return new PayloadError(
    `the pickle holds ${what}, and a pickle that names classes or functions can run any code: it is not read. Pass plain data, or ${USE_JSON}`,
  )
}

export function damagedPickle(what: string): PayloadError {
  return new PayloadError(`the pickle is damaged: ${what}; ${USE_JSON}`)
}
