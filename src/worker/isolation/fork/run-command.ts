import type { ClaimedJob } from '../../../job/record.ts'
import { defined } from '../../../support/defined.ts'
import { timeOfDay } from '../time-of-day.ts'
import type { HorseCommand } from './messages.ts'

/** What gives a horse its job. */
export function runCommand({ id, name, queue, attempt, meta, limits }: ClaimedJob, born: boolean): HorseCommand {
  const { cpuMs, openFiles } = limits ?? {}
  const kept = defined({ cpuMs, openFiles })
  return {
    type: 'run',
    job: { id, name, queue, attempt, ...(meta === undefined ? {} : { meta }) },
    title: `workhorse: horse ${queue} ${name} ${id} since ${timeOfDay()}`,
    ...(born ? {} : { unborn: true }),
    ...(Object.keys(kept).length === 0 ? {} : { limits: kept }),
  }
}
