import { job, preload, warmUp } from 'workhorse'
import { database } from './database.ts'
import { type RawEvent, recordEvent } from './events.ts'
import { recordThrowAwayEvents } from './warm-up.ts'

export const recordEventJob = job('record_event', { queue: 'default', timeout: '3m' }, async (event: RawEvent) => {
  await recordEvent(event)
})

const hoist = process.env['REDASH_HOIST'] || 'preload'
if (!['as-is', 'preload', 'warm'].includes(hoist)) {
  throw new Error(`REDASH_HOIST is ${JSON.stringify(hoist)}; expected as-is, preload or warm`)
}

// The fix. Without it each horse configures the mappers again, and takes what it did with it when it ends.
if (hoist !== 'as-is') preload(() => database.configureMappers())

// And a step further: the horses also inherit the job's code compiled.
if (hoist === 'warm') warmUp(() => recordThrowAwayEvents(300))
