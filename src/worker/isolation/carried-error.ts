import * as errors from '../../errors.ts'

/** An error of the broker's on its way to a job in another process: class by name, and all of its own fields. */
export interface CarriedError {
  readonly name: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export function carryError(error: unknown): CarriedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} }
  const { stack: _stack, cause: _cause, ...fields } = error as Error & Record<string, unknown>
  return { name: error.name, message: error.message, fields }
}

/** The error again, of its own class where that is one of ours, so that `instanceof` and `code` are as elsewhere. */
export function reviveError({ name, message, fields }: CarriedError): Error {
  const Class = (errors as Record<string, unknown>)[name]
  const error = new Error(message)
  if (isErrorClass(Class)) Object.setPrototypeOf(error, Class.prototype as object)
  else error.name = name
  return Object.assign(error, fields)
}

function isErrorClass(value: unknown): value is typeof errors.WorkhorseError {
  return typeof value === 'function' && (value.prototype as object) instanceof errors.WorkhorseError
}
