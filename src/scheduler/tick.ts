import { randomUUID } from 'node:crypto'
import type { ScheduleFireParams, ScheduleRecord } from '../broker/schedule.ts'
import type { NewJob } from '../job/record.ts'
import type { JobTemplate } from './declarations.ts'
import { nextTime, type ScheduleSpec } from './spec.ts'

/** Pure parts of firing: what a tick does, and what comes after it. */

/** A tick that is later than this was missed. */
const MISSED_MS = 60_000
/** For an expression whose times are over. */
const NEVER = 8.64e15

/** What to do about a schedule that is due. */
export function planTick(schedule: ScheduleRecord, now: number): ScheduleFireParams {
  const spec = readSpec(schedule)
  const { name, hash, nextAt: expectedAt } = schedule
  const nextAt = timeAfter(spec, expectedAt, now)
  const missed = now - expectedAt > MISSED_MS && !spec.catchUp
  return { name, hash, expectedAt, nextAt, ...(missed ? {} : { job: instantiate(schedule, now) }) }
}

/** When a schedule that is declared now fires first. */
export function firstTime(spec: ScheduleSpec, now: number): number {
  return nextTime(spec, now) ?? NEVER
}

/** A new job of the schedule. */
export function instantiate(schedule: Pick<ScheduleRecord, 'job'>, now: number): NewJob {
  const template = JSON.parse(schedule.job) as JobTemplate
  return { ...template, id: template.id ?? randomUUID(), createdAt: now }
}

export function readSpec(schedule: Pick<ScheduleRecord, 'spec'>): ScheduleSpec {
  return JSON.parse(schedule.spec) as ScheduleSpec
}

/** The first time after now. Intervals keep their rhythm: they go on from the tick, not from when it was noticed. */
function timeAfter(spec: ScheduleSpec, tick: number, now: number): number {
  if (!('everyMs' in spec)) return firstTime(spec, Math.max(tick, now))
  const passed = Math.max(1, Math.ceil((now - tick + 1) / spec.everyMs))
  return tick + passed * spec.everyMs
}
