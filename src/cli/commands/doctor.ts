import { resolve } from 'node:path'
import type { Broker } from '../../broker/broker.ts'
import { brokerVariables } from '../../config/broker-variables.ts'
import type { Settings } from '../../config/settings.ts'
import { UsageError } from '../../errors.ts'
import { type Examination, examine } from '../../profiler/doctor/doctor.ts'
import { formatExamination } from '../../profiler/doctor/report.ts'
import { type Verification, verify } from '../../profiler/doctor/verify.ts'
import { defined } from '../../support/defined.ts'
import type { Invocation } from '../command.ts'
import { note, print, printJson } from '../render/print.ts'
import { readSettings, requireModules } from '../surroundings.ts'
import { examineAll } from './doctor-all.ts'
import { type DoctorFlag, type DoctorFlags, judgeCandidates, withHistory, writeGraphs } from './doctor-shared.ts'
import { checkArguments } from './json-arguments.ts'

const ENOUGH_ARGUMENTS = 8

export async function runDoctor({ flags, positionals }: Invocation<DoctorFlag>): Promise<number> {
  const [job] = positionals
  const settings = await readSettings(flags)
  if (job === undefined) return examineAll(settings, flags)
  for (const flag of ['rerun', 'limit'] as const) {
    if (flags[flag] !== undefined) throw new UsageError(`--${flag} is about all jobs; it has no meaning with ${job}`)
  }
  const { nodeFlags } = settings.config.zygote ?? {}
  const args = flags.args ? flags.args.map(checkArguments) : await recentArguments(settings, job)
  const hiddenEnv = brokerVariables(settings)
  const trial = { modules: requireModules(settings), job, args, hiddenEnv, ...defined({ nodeFlags }) }
  const examination = await examine({ ...trial, ...defined({ runs: flags.runs, warmAfter: flags.warm }) })
  const first = examination.candidates[0]
  const runs = examination.coldExecutions
  const verification =
    flags.verify && first
      ? await verify(first, { ...trial, runs, beforeMsPerJob: examination.coldMsPerJob })
      : undefined
  report(examination, verification, flags)
  if (flags.graphs !== undefined) await writeGraphs(resolve(flags.graphs), examination, verification)
  return judgeCandidates(examination, flags)
}

function report(examination: Examination, verification: Verification | undefined, flags: DoctorFlags): void {
  const { job, coldMsPerJob, warmMsPerJob, candidates, enqueued } = examination
  if (enqueued > 0) note(`${job} enqueued ${enqueued} jobs meanwhile; they were not stored`)
  if (!flags.json) return print(formatExamination(examination, verification))
  const shown = candidates.map(({ call: _call, ...candidate }) => candidate)
  const { profile: _profile, ...verified } = verification ?? {}
  printJson({ job, coldMsPerJob, warmMsPerJob, candidates: shown, ...(verification ? { verified } : {}) })
}

/** Those of the jobs of this name that have finished last; none where there are none. */
async function recentArguments(settings: Settings, job: string): Promise<string[]> {
  const found = (await withHistory(settings, (broker) => finishedArguments(broker, job))) ?? []
  if (found.length > 0) return found
  note(`no finished job '${job}' to take arguments from; running it without any (say others by --args '[…]')`)
  return ['[]']
}

async function finishedArguments(broker: Broker, job: string): Promise<string[]> {
  const { jobs } = await broker.jobList({ name: job, state: 'finished', limit: 100 })
  return [...new Set(jobs.map(({ args }) => args))].slice(0, ENOUGH_ARGUMENTS)
}
