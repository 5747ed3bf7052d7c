import { WorkhorseError } from '../../errors.ts'
import type { CallPlace, RawProfile, Suspect, WitnessReport } from '../../worker/isolation/profiling.ts'
import { describeEnd, type Trial } from '../capture/trial.ts'
import { CallFacts } from './call-facts.ts'

/** Fresh processes that are witnessed: enough to see what is not called in each of them. */
const COLD_WITNESSES = 4
const WARM_AFTER = 3
const WARM_WITNESSED = 4

const REQUEST = { kind: 'witness', interval: 0 } as const

/** Counts calls and openings, in fresh processes and in a used one. @throws WorkhorseError */
export async function witness(trial: Trial, job: string, args: readonly string[]): Promise<CallFacts> {
  const facts = new CallFacts()
  for (let index = 0; index < COLD_WITNESSES; index++) {
    const run = await trial.run({ name: job, args: args[index % args.length] as string }, REQUEST)
    facts.addCold(rawOf(job, run))
  }
  const warm = { discard: WARM_AFTER, measure: Math.max(WARM_WITNESSED, args.length), args }
  const run = await trial.run({ name: job, args: args[0] as string }, { ...REQUEST, warm })
  facts.addWarm(rawOf(job, run))
  return facts
}

export interface SuspectFacts {
  /** Who calls them, by index: innermost first, over awaits, too. */
  readonly callers: ReadonlyMap<number, readonly CallPlace[]>
  /**
   * Those that are given a value of the job's arguments, and which, as JSON: they do something for this job, and not
   * for all.
   */
  readonly given: ReadonlyMap<number, string>
  /** Of those, the ones that were given something else each time the job was called with other arguments. */
  readonly givenVarious: ReadonlySet<number>
}

/** Watches functions as they are called, in fresh processes. */
export async function watchSuspects(
  trial: Trial,
  job: string,
  args: readonly string[],
  suspects: readonly Suspect[],
): Promise<SuspectFacts> {
  const given = new Map<number, string>()
  const givenVarious = new Set<number>()
  const callers = new Map<number, readonly CallPlace[]>()
  if (suspects.length === 0) return { given, givenVarious, callers }
  for (const text of args.slice(0, COLD_WITNESSES)) {
    const run = await trial.run({ name: job, args: text }, { ...REQUEST, suspects })
    const report = rawOf(job, run).profile as WitnessReport
    for (const { suspect, value } of report.given) {
      if ((given.get(suspect) ?? value) !== value) givenVarious.add(suspect)
      given.set(suspect, value)
    }
    for (const found of report.callers) callers.set(found.suspect, found.stack)
  }
  return { given, givenVarious, callers }
}

function rawOf(job: string, run: Awaited<ReturnType<Trial['run']>>): RawProfile {
  const reason = describeEnd(run)
  if (reason === undefined && run.raw !== undefined) return JSON.parse(run.raw.toString()) as RawProfile
  const why = reason ?? 'its process ended without handing over what it saw'
  throw new WorkhorseError('WORKHORSE_TRIAL_FAILED', `${job} does not finish while its calls are counted: ${why}`)
}
