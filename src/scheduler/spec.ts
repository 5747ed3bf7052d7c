import { createRequire } from 'node:module'
import type { Cron } from 'croner'
import { UsageError } from '../errors.ts'
import { type Duration, parseDuration, show } from '../support/duration.ts'
import { assertKnownOptions } from '../support/option-check.ts'

/** When a schedule fires. */
export type ScheduleWhen = {
  /**
   * What happens to ticks that no worker was there for. Default true: one job makes up for all of them. False: they are
   * passed over, where they are more than a minute late.
   */
  readonly catchUp?: boolean
} & (
  | {
      /** Five fields (minute, hour, day of month, month, day of week), or six with seconds in front. */
      readonly cron: string
      /** IANA name, for example `'Europe/Berlin'`. Default `'UTC'`, wherever the workers run. */
      readonly timeZone?: string
      readonly every?: never
    }
  | {
      /** An interval of at least one second. It fires first when one has passed since it was declared first. */
      readonly every: Duration
      readonly cron?: never
      readonly timeZone?: never
    }
)

/** The same, checked, as it is stored. */
export type ScheduleSpec = { readonly catchUp: boolean } & (
  | { readonly cron: string; readonly timeZone: string }
  | { readonly everyMs: number }
)

const SHORTEST_MS = 1000

/** @throws UsageError naming the schedule and what is wrong */
export function parseWhen(name: string, when: ScheduleWhen): ScheduleSpec {
  const what = `schedule('${name}')`
  if (typeof when !== 'object' || when === null) {
    throw new UsageError(`${what}: expected for example { cron: '0 3 * * *' } or { every: '5m' }, got ${show(when)}`)
  }
  assertKnownOptions(when, ['cron', 'timeZone', 'every', 'catchUp'], what)
  const { cron, every, timeZone, catchUp = true } = when
  if ((cron === undefined) === (every === undefined)) {
    throw new UsageError(`${what}: it needs cron or every, and not both`)
  }
  if (every !== undefined) {
    if (timeZone !== undefined) throw new UsageError(`${what}: timeZone is for cron; an interval knows none`)
    return { everyMs: parseEvery(what, every), catchUp }
  }
  const spec = { cron: parseCron(what, cron), timeZone: parseTimeZone(what, timeZone), catchUp }
  if (nextTime(spec, Date.now()) === undefined) throw new UsageError(`${what}: the time '${cron}' never comes`)
  return spec
}

/** The first time after `after` at which it fires, in Unix milliseconds; nothing where there is none. */
export function nextTime(spec: ScheduleSpec, after: number): number | undefined {
  if ('everyMs' in spec) return after + spec.everyMs
  return makeCron(spec.cron, spec.timeZone).nextRun(new Date(after))?.getTime()
}

function parseEvery(what: string, every: unknown): number {
  const everyMs = parseDuration(every, `${what}: every`)
  if (everyMs >= SHORTEST_MS) return everyMs
  throw new UsageError(`${what}: every: expected at least ${SHORTEST_MS} ms, got ${show(every)}`)
}

function parseCron(what: string, cron: unknown): string {
  const fields = typeof cron === 'string' ? cron.trim().split(/\s+/) : []
  if (fields.length !== 5 && fields.length !== 6) {
    throw new UsageError(
      `${what}: cron: expected five fields such as '0 3 * * *', or six with seconds, got ${show(cron)}`,
    )
  }
  const text = fields.join(' ')
  try {
    makeCron(text, 'UTC')
  } catch (error) {
    const reason = (error as Error).message.replace(/^CronPattern: /, '')
    throw new UsageError(`${what}: cron '${text}' cannot be read: ${reason}`, { cause: error })
  }
  return text
}

function parseTimeZone(what: string, timeZone: unknown = 'UTC'): string {
  try {
    if (typeof timeZone === 'string') return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone
  } catch {
    // Told below, as for what is no text at all.
  }
  throw new UsageError(`${what}: timeZone: expected an IANA name such as 'Europe/Berlin', got ${show(timeZone)}`)
}

const crons = new Map<string, Cron>()

/** Loaded when the first cron expression is met: producers and zygotes without any do without. */
function makeCron(cron: string, timezone: string): Cron {
  const key = `${cron} ${timezone}`
  let made = crons.get(key)
  if (made === undefined) {
    const { Cron } = createRequire(import.meta.url)('croner') as typeof import('croner')
    made = new Cron(cron, { timezone, paused: true })
    crons.set(key, made)
  }
  return made
}
