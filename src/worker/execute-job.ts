import type { CurrentJob } from '../job/context.ts'
import { describeThrown } from '../job/describe-thrown.ts'
import type { JobFailure } from '../job/failure.ts'
import { findNonJson } from '../job/json.ts'
import { explainUnknownJob, findJob, type Handler } from '../job/registry.ts'

export type ExecutionResult =
  | { readonly type: 'finished' /** JSON text. */; readonly result: string }
  | { readonly type: 'failed'; readonly failure: JobFailure }

/**
 * The lifecycle of one execution, the same in every isolation mode: resolve the name, parse the arguments,
 * call the handler, carry its result. Never rejects: whatever the job does is in what it resolves to.
 *
 * @param args JSON text of the arguments
 * @param enter how to make `current` the current job around the call
 */
export async function executeJob(
  current: CurrentJob,
  args: string,
  enter: <R>(current: CurrentJob, call: () => R) => R,
): Promise<ExecutionResult> {
  const registered = findJob(current.name)
  if (registered === undefined) return failed('unknown-job', 'UnknownJobError', explainUnknownJob(current.name))
  let value: unknown
  try {
    const parsed = JSON.parse(args) as never[]
    const handler: Handler = registered.handler
    value = await enter(current, () => handler(...parsed))
  } catch (thrown) {
    return { type: 'failed', failure: describeThrown(thrown, 'error') }
  }
  return carryResult(current.name, value)
}

function carryResult(name: string, value: unknown): ExecutionResult {
  if (value === undefined) return { type: 'finished', result: 'null' }
  const finding = findNonJson(value, 'result')
  if (finding) return failed('result-not-json', 'ResultNotJsonError', `${name} must return a JSON value. ${finding}`)
  return { type: 'finished', result: JSON.stringify(value) }
}

function failed(kind: JobFailure['kind'], name: string, message: string): ExecutionResult {
  return { type: 'failed', failure: { kind, name, message } }
}
