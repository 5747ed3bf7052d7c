import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Broker } from '../../broker/broker.ts'
import type { Settings } from '../../config/settings.ts'
import { type Examination, examine } from '../../profiler/doctor/doctor.ts'
import { formatExamination } from '../../profiler/doctor/report.ts'
import { type Verification, verify } from '../../profiler/doctor/verify.ts'
import { exportProfile } from '../../profiler/export/formats.ts'
import { sideOf } from '../../profiler/sides.ts'
import { defined } from '../../support/defined.ts'
import { formatDuration } from '../../support/duration.ts'
import type { Invocation } from '../command.ts'
import { note, print, printJson } from '../render/print.ts'
import { openBroker, readSettings, requireModules } from '../surroundings.ts'
import { checkArguments } from './json-arguments.ts'

type DoctorFlag =
  | 'broker'
  | 'config'
  | 'jobs-file'
  | 'args'
  | 'runs'
  | 'warm'
  | 'verify'
  | 'max-repeat'
  | 'graphs'
  | 'json'
type DoctorFlags = Invocation<DoctorFlag>['flags']

const EXIT_TOO_MUCH = 1
const ENOUGH_ARGUMENTS = 8

export async function runDoctor({ flags, positionals }: Invocation<DoctorFlag>): Promise<number> {
  const job = positionals[0] as string
  const settings = await readSettings(flags)
  const { nodeFlags } = settings.config.zygote ?? {}
  const args = flags.args ? flags.args.map(checkArguments) : await recentArguments(settings, job)
  const trial = { modules: requireModules(settings), job, args, ...defined({ nodeFlags }) }
  const examination = await examine({ ...trial, ...defined({ runs: flags.runs, warmAfter: flags.warm }) })
  const first = examination.candidates[0]
  const runs = examination.coldExecutions
  const verification =
    flags.verify && first
      ? await verify(first, { ...trial, runs, beforeMsPerJob: examination.coldMsPerJob })
      : undefined
  report(examination, verification, flags)
  if (flags.graphs !== undefined) await writeGraphs(resolve(flags.graphs), examination, verification)
  return judge(examination, flags)
}

function report(examination: Examination, verification: Verification | undefined, flags: DoctorFlags): void {
  const { job, coldMsPerJob, warmMsPerJob, candidates, enqueued } = examination
  if (enqueued > 0) note(`${job} enqueued ${enqueued} jobs meanwhile; they were not stored`)
  if (!flags.json) return print(formatExamination(examination, verification))
  const shown = candidates.map(({ call: _call, ...candidate }) => candidate)
  const { profile: _profile, ...verified } = verification ?? {}
  printJson({ job, coldMsPerJob, warmMsPerJob, candidates: shown, ...(verification ? { verified } : {}) })
}

/** For CI: too much that is repeated is an error. */
function judge({ job, candidates }: Examination, flags: DoctorFlags): number {
  const most = flags['max-repeat']
  if (most === undefined) return 0
  const repeated = candidates.reduce(
    (sum, { coldMsPerJob, warmMsPerJob }) => Math.max(sum, coldMsPerJob - warmMsPerJob),
    0,
  )
  if (repeated <= most) return 0
  note(
    `${job} repeats ${repeated.toFixed(1)} ms in every fresh process, and --max-repeat allows ${formatDuration(most)}`,
  )
  return EXIT_TOO_MUCH
}

/** Those of the jobs of this name that have finished last; none where there are none. */
async function recentArguments(settings: Settings, job: string): Promise<string[]> {
  // A doctor's visit makes no database.
  const file = /^sqlite:(?:\/\/)?(.+)$/.exec(settings.brokerUrl)?.[1]
  const exists = file === undefined || existsSync(resolve(settings.brokerFolder, file))
  const found = exists ? await withSettings(settings, (broker) => finishedArguments(broker, job)) : []
  if (found.length > 0) return found
  note(`no finished job '${job}' to take arguments from; running it without any (say others by --args '[…]')`)
  return ['[]']
}

async function finishedArguments(broker: Broker, job: string): Promise<string[]> {
  const { jobs } = await broker.jobList({ name: job, state: 'finished', limit: 100 })
  return [...new Set(jobs.map(({ args }) => args))].slice(0, ENOUGH_ARGUMENTS)
}

async function withSettings<R>(settings: Settings, use: (broker: Broker) => Promise<R>): Promise<R> {
  const broker = await openBroker(settings)
  try {
    return await use(broker)
  } finally {
    await broker.close()
  }
}

async function writeGraphs(
  folder: string,
  { profile }: Examination,
  verification: Verification | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const graphs = { before: sideOf(profile, 'cold'), diff: profile, after: verification?.profile }
  for (const [name, graph] of Object.entries(graphs)) {
    if (graph) await writeFile(join(folder, `${name}.svg`), exportProfile(graph, 'svg'))
  }
  note(`flame graphs: ${folder}`)
}
