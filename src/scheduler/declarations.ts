import { createHash } from 'node:crypto'
import { UsageError } from '../errors.ts'
import { createJob } from '../job/create-job.ts'
import { blueprintOf, type Enqueuer } from '../job/enqueuer.ts'
import type { NewJob } from '../job/record.ts'
import { show } from '../support/duration.ts'
import { singleton } from '../support/singleton.ts'
import { parseWhen, type ScheduleWhen } from './spec.ts'

/** A schedule as a job module declares it, as data: a zygote tells its supervisor. */
export interface DeclaredSchedule {
  readonly name: string
  /** Changes when anything about it changes. */
  readonly hash: string
  /** A `ScheduleSpec` as JSON text. */
  readonly spec: string
  /** A `JobTemplate` as JSON text. */
  readonly job: string
}

/** The job that a schedule enqueues, but for what is its own each time. A unique one has its id already. */
export type JobTemplate = Omit<NewJob, 'id' | 'createdAt'> & { readonly id?: string }

const declared = singleton('schedules', () => new Map<string, DeclaredSchedule>())

/**
 * Declare, in a job module, that a job is enqueued again and again. Workers put the declarations of their job modules into
 * the broker when they start, and any worker fires them; each tick enqueues exactly one job, however many there are.
 *
 * @param name unique among the schedules of a broker
 * @param when `{ cron, timeZone }` or `{ every }`
 * @param job a job definition, or one with options: `definition.with({ … })`
 * @param args what the job is called with, each time
 * @throws UsageError for a bad name, time or job, @throws ArgumentsNotJsonError
 * @example
 * schedule('nightly-report', { cron: '0 3 * * *', timeZone: 'Europe/Berlin' }, report, 'yesterday')
 * schedule('heartbeat', { every: '30s' }, ping.with({ unique: 'ping' }))
 */
export function schedule<Args extends readonly unknown[], Result>(
  name: string,
  when: ScheduleWhen,
  job: Enqueuer<Args, Result>,
  ...args: Args
): void {
  if (typeof name !== 'string' || !/^[\w.:/-]{1,200}$/.test(name)) {
    throw new UsageError(`schedule(): expected a name of letters, digits, _ - . : or /, got ${show(name)}`)
  }
  const spec = JSON.stringify(parseWhen(name, when))
  const template = JSON.stringify(templateOf(name, job, args))
  const hash = createHash('sha256').update(`${spec}\n${template}`).digest('hex').slice(0, 32)
  const other = declared.get(name)
  // A module that is loaded twice declares the same again.
  if (other !== undefined && other.hash !== hash) {
    throw new UsageError(`schedule '${name}' is declared twice, and differently; rename one of them`)
  }
  declared.set(name, { name, hash, spec, job: template })
}

export function listSchedules(): DeclaredSchedule[] {
  return [...declared.values()]
}

function templateOf(name: string, job: object, args: readonly unknown[]): JobTemplate {
  const blueprint = typeof job === 'function' || typeof job === 'object' ? blueprintOf(job ?? {}) : undefined
  if (blueprint === undefined) {
    throw new UsageError(`schedule('${name}'): expected a job definition, or definition.with(…), got ${show(job)}`)
  }
  const { options } = blueprint
  for (const option of ['id', 'dependsOn'] as const) {
    if (options[option] === undefined) continue
    const mend = option === 'id' ? '; unique: true keeps two of them from running at a time' : ''
    throw new UsageError(
      `schedule('${name}'): option ${option} makes no sense for a job enqueued again and again${mend}`,
    )
  }
  const { id, createdAt: _, ...template } = createJob(blueprint.name, options, args)
  return template.unique === true ? { ...template, id } : template
}
