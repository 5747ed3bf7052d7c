import type { Broker } from '../broker/broker.ts'
import type { ScheduleRecord } from '../broker/schedule.ts'
import { ScheduleNotFoundError } from '../errors.ts'
import type { JsonValue } from '../job/json.ts'
import type { NewJob } from '../job/record.ts'
import { nearest } from '../support/did-you-mean.ts'
import { formatDuration } from '../support/duration.ts'
import type { JobTemplate } from './declarations.ts'
import { instantiate, readSpec } from './tick.ts'

/** What people look at. Times are Unix milliseconds. */
export interface ScheduleView {
  readonly name: string
  readonly owner: string
  /** In words: `0 3 * * * Europe/Berlin`, `every 5 m 0 s`. */
  readonly when: string
  readonly catchUp: boolean
  readonly job: { readonly name: string; readonly queue: string; readonly args: readonly JsonValue[] }
  readonly nextAt: number
  readonly lastAt?: number
  readonly lastJobId?: string
}

export async function listScheduleViews(broker: Broker): Promise<ScheduleView[]> {
  return (await broker.scheduleList()).map(viewSchedule)
}

/** Enqueues the schedule's job now; its own times stay. @throws ScheduleNotFoundError */
export async function runSchedule(
  broker: Broker,
  name: string,
): Promise<{ readonly job: NewJob; readonly isDuplicate: boolean }> {
  const schedules = await broker.scheduleList()
  const schedule = schedules.find((each) => each.name === name)
  if (schedule === undefined) throw notFound(name, schedules)
  const job = instantiate(schedule, Date.now())
  const { duplicates } = await broker.jobEnqueue([job])
  return { job, isDuplicate: duplicates.length > 0 }
}

/** @throws ScheduleNotFoundError */
export async function deleteSchedule(broker: Broker, name: string): Promise<void> {
  if (!(await broker.scheduleDelete(name))) throw notFound(name, await broker.scheduleList())
}

function notFound(name: string, schedules: readonly ScheduleRecord[]): ScheduleNotFoundError {
  const names = schedules.map((schedule) => schedule.name)
  return new ScheduleNotFoundError(name, nearest(name, names), names.length)
}

function viewSchedule(schedule: ScheduleRecord): ScheduleView {
  const { name, owner, nextAt, lastAt, lastJobId } = schedule
  const spec = readSpec(schedule)
  const job = JSON.parse(schedule.job) as JobTemplate
  return {
    name,
    owner,
    when: 'everyMs' in spec ? `every ${formatDuration(spec.everyMs)}` : `${spec.cron} ${spec.timeZone}`,
    catchUp: spec.catchUp,
    job: { name: job.name, queue: job.queue, args: JSON.parse(job.args) as JsonValue[] },
    nextAt,
    ...(lastAt === undefined ? {} : { lastAt }),
    ...(lastJobId === undefined ? {} : { lastJobId }),
  }
}
