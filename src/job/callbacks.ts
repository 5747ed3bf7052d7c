import { createHash } from 'node:crypto'
import type { JobMeta } from './context.ts'
import type { JobFailure } from './failure.ts'
import type { JsonValue } from './json.ts'
import type { JobCallbacks } from './policies.ts'
import type { JobRecord, NewJob } from './record.ts'

/** The job that a callback is about. */
export interface EndedJob {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly args: readonly JsonValue[]
  /** Of its last execution; 1 for the first. */
  readonly attempt: number
  readonly meta?: JobMeta
}

/** What an `onSuccess` callback gets. */
export interface SuccessEvent {
  readonly type: 'success'
  readonly job: EndedJob
  readonly result: JsonValue
}

/** What an `onFailure` callback gets, when no retry is left. */
export interface FailureEvent {
  readonly type: 'failure'
  readonly job: EndedJob
  readonly failure: JobFailure
}

/** What an `onStopped` callback gets. */
export interface StoppedEvent {
  readonly type: 'stopped'
  readonly job: EndedJob
  readonly failure: JobFailure
}

export type JobEndEvent = SuccessEvent | FailureEvent | StoppedEvent
export type CallbackKind = keyof JobCallbacks

/** What is known of a job that has just ended. */
export type EndedExecution = Pick<
  JobRecord,
  'id' | 'name' | 'queue' | 'args' | 'meta' | 'executionId' | 'callbacks'
> & {
  readonly attempt: number
}

/** How an execution ended, as far as callbacks care. The result is JSON text. */
export type CallbackCause =
  | { readonly type: 'success'; readonly result: string }
  | { readonly type: 'failure' | 'stopped'; readonly failure: JobFailure }

/**
 * The job that tells of another one's end; nothing where that one wants none. Its id is made of the execution's, so that
 * however often it is built it is stored once.
 */
export function callbackJob(ended: EndedExecution, cause: CallbackCause, now: number): NewJob | undefined {
  const callback = ended.callbacks?.[cause.type]
  if (callback === undefined) return undefined
  const { queue = ended.queue, ...options } = callback
  return { ...options, queue, id: callbackId(ended, cause.type), args: `[${eventText(ended, cause)}]`, createdAt: now }
}

function callbackId({ id, executionId = '' }: EndedExecution, kind: CallbackKind): string {
  const mark = createHash('sha256').update(`${id} ${executionId} ${kind}`).digest('base64url').slice(0, 12)
  return `${id.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 150)}-on-${kind}-${mark}`
}

/** Arguments, meta and result are JSON text already, and may be large: they are not parsed on the way. */
function eventText(ended: EndedExecution, cause: CallbackCause): string {
  const { id, name, queue, args, attempt, meta } = ended
  const about = JSON.stringify({ id, name, queue, attempt }).slice(0, -1)
  const job = `${about},"args":${args}${meta === undefined ? '' : `,"meta":${meta}`}}`
  const rest = cause.type === 'success' ? `"result":${cause.result}` : `"failure":${JSON.stringify(cause.failure)}`
  return `{"type":"${cause.type}","job":${job},${rest}}`
}
