import type { ClaimedJob } from '../../../job/record.ts'
import { defined } from '../../../support/defined.ts'
import { timeOfDay } from '../time-of-day.ts'
import type { HorseCommand } from './messages.ts'

/** What gives a horse its job. @param asksStart it is to say what it begins with */
export function runCommand({ id, name, queue, attempt, meta, limits }: ClaimedJob, asksStart: boolean): HorseCommand {
  const { cpuMs, openFiles } = limits ?? {}
  const kept = defined({ cpuMs, openFiles })
  return {
    type: 'run',
    job: { id, name, queue, attempt, ...(meta === undefined ? {} : { meta }) },
    title: `workhorse: horse ${queue} ${name} ${id} since ${timeOfDay()}`,
    ...(asksStart ? { asksStart: true } : {}),
    ...(Object.keys(kept).length === 0 ? {} : { limits: kept }),
  }
}
