import { database } from './database.ts'
import { Event } from './models/event.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/** What the web application reports. Fields beyond those named here are kept as additional properties. */
export type RawEvent = {
  readonly org_id: number
  readonly user_id?: number | null
  readonly action: string
  readonly object_type: string
  readonly object_id?: string | number | null
  /** Unix seconds. */
  readonly timestamp: number
  readonly [property: string]: Json | undefined
}

export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError'
  readonly field: string

  constructor(field: string, expected: string, value: unknown) {
    const problem = value === undefined || value === null ? 'is missing' : `is ${JSON.stringify(value)}`
    super(`record_event: ${field} ${problem}; expected ${expected}`)
    this.field = field
  }
}

/** @throws InvalidEventError where a required field is missing or of another type */
export function eventFrom(raw: RawEvent): Event {
  const { org_id, user_id, action, object_type, object_id, timestamp, ...additionalProperties } = raw
  const event = new Event()
  event.orgId = required('org_id', org_id, 'number', 'the id of an organization')
  event.userId = user_id ?? null
  event.action = required('action', action, 'string', 'what was done, as "view"')
  event.objectType = required('object_type', object_type, 'string', 'what it was done to, as "query"')
  event.objectId = object_id === undefined || object_id === null ? null : String(object_id)
  event.createdAt = new Date(required('timestamp', timestamp, 'number', 'Unix seconds') * 1000)
  event.additionalProperties = additionalProperties
  return event
}

/**
 * Store one event and commit.
 * @throws InvalidEventError
 */
export async function recordEvent(raw: RawEvent): Promise<Event> {
  const event = eventFrom(raw)
  const { manager } = await database.open()
  return database.inTurn(() => manager.save(event))
}

/** The types above bind only those who compile against them: an event comes from a queue. */
function required<T extends string | number>(field: string, value: T, type: 'string' | 'number', expected: string): T {
  const usable = type === 'number' ? Number.isFinite(value) : typeof value === 'string' && value !== ''
  if (!usable) throw new InvalidEventError(field, expected, value)
  return value
}
