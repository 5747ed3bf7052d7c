import { join, resolve } from 'node:path'
import type { Settings } from '../../config/settings.ts'
import { UsageError, WorkhorseError } from '../../errors.ts'
import { type Examination, examine } from '../../profiler/doctor/doctor.ts'
import { type RankedCandidate, rankCandidates } from '../../profiler/doctor/ranking.ts'
import { formatRanking, type Unexamined } from '../../profiler/doctor/ranking-report.ts'
import { type Verification, verify } from '../../profiler/doctor/verify.ts'
import { cpuPerDay, type JobLoad, surveyLoad } from '../../queue/workload.ts'
import { defined } from '../../support/defined.ts'
import { formatDuration } from '../../support/duration.ts'
import { note, print, printJson } from '../render/print.ts'
import { type Column, renderTable } from '../render/table.ts'
import { requireModules } from '../surroundings.ts'
import { type DoctorFlags, judgeCandidates, withHistory, writeGraphs } from './doctor-shared.ts'

const MOST_JOBS = 5

const COLUMNS: readonly Column<JobLoad>[] = [
  { title: 'job', value: ({ name }) => name },
  { title: 'jobs a day', value: ({ jobsPerDay }) => Math.round(jobsPerDay), right: true },
  {
    title: 'CPU each',
    value: ({ cpuMsPerJob }) => (cpuMsPerJob === undefined ? '?' : formatDuration(cpuMsPerJob)),
    right: true,
  },
  {
    title: 'CPU a day',
    value: (load) => (load.cpuMsPerJob === undefined ? '?' : formatDuration(cpuPerDay(load))),
    right: true,
  },
  { title: 'known from', value: ({ known, windowMs }) => `${known} finished in ${formatDuration(windowMs)}` },
]

/**
 * All jobs that have finished lately, as far as the broker knows. Examining a job runs it again, with all that it does: that is
 * not done to jobs that nobody has named, unless they say so (`--rerun`).
 */
export async function examineAll(settings: Settings, flags: DoctorFlags): Promise<number> {
  if (flags.args !== undefined) throw new UsageError("--args: whose? Name the job: doctor NAME --args '[…]'")
  const loads = (await withHistory(settings, surveyLoad)) ?? []
  if (loads.length === 0) {
    throw new WorkhorseError(
      'WORKHORSE_NO_HISTORY',
      `${settings.brokerUrl} has no finished job to tell by which jobs run here, and how often; name one: workhorse doctor NAME --args '[…]'`,
    )
  }
  const chosen = loads.slice(0, flags.limit ?? MOST_JOBS)
  if (!flags.json) print(`${renderTable(COLUMNS, loads)}\n`)
  if (!flags.rerun) return propose(loads, chosen, flags)
  const examined: { load: JobLoad; examination: Examination }[] = []
  const unexamined: Unexamined[] = []
  for (const load of chosen) {
    if (!flags.json) note(`examining ${load.name}`)
    try {
      examined.push({ load, examination: await examineOne(settings, flags, load) })
    } catch (error) {
      if (!(error instanceof WorkhorseError)) throw error
      unexamined.push({ job: load.name, reason: error.message })
    }
  }
  for (const { examination } of examined) {
    if (examination.enqueued > 0)
      note(`${examination.job} enqueued ${examination.enqueued} jobs meanwhile; they were not stored`)
  }
  const ranked = rankCandidates(examined)
  const verification = flags.verify && ranked[0] ? await verifyFirst(settings, ranked[0], loads) : undefined
  if (flags.json) printRanking(loads, ranked, unexamined, verification)
  else print(formatRanking(ranked, unexamined, verification))
  if (flags.graphs !== undefined) {
    for (const { examination } of examined) {
      const own = examination === ranked[0]?.examination ? verification : undefined
      await writeGraphs(resolve(join(flags.graphs, examination.job.replaceAll('/', '_'))), examination, own)
    }
  }
  return Math.max(0, ...examined.map(({ examination }) => judgeCandidates(examination, flags)))
}

/** Exit code 0: nothing was asked for that could have failed. */
function propose(loads: readonly JobLoad[], chosen: readonly JobLoad[], { json }: DoctorFlags): number {
  const names = chosen.map(({ name }) => name)
  if (json) printJson({ examined: false, jobs: loads.map(shownLoad), candidates: [] })
  else {
    print(
      `Nothing was run. To examine ${names.join(', ')}: workhorse doctor --rerun. It runs each of them some dozens of times, for real,\n` +
        `with the arguments of recent jobs: what they send, they send again. One alone: workhorse doctor ${names[0]}`,
    )
  }
  return 0
}

function trialOf(settings: Settings, load: JobLoad) {
  const { nodeFlags } = settings.config.zygote ?? {}
  return { modules: requireModules(settings), job: load.name, args: load.args, ...defined({ nodeFlags }) }
}

function examineOne(settings: Settings, flags: DoctorFlags, load: JobLoad): Promise<Examination> {
  return examine({ ...trialOf(settings, load), ...defined({ runs: flags.runs, warmAfter: flags.warm }) })
}

function verifyFirst(
  settings: Settings,
  { examination, candidate }: RankedCandidate,
  loads: readonly JobLoad[],
): Promise<Verification> {
  const load = loads.find(({ name }) => name === examination.job) as JobLoad
  const { coldExecutions: runs, coldMsPerJob: beforeMsPerJob } = examination
  return verify(candidate, { ...trialOf(settings, load), runs, beforeMsPerJob })
}

function printRanking(
  loads: readonly JobLoad[],
  ranked: readonly RankedCandidate[],
  unexamined: readonly Unexamined[],
  verification: Verification | undefined,
): void {
  const candidates = ranked.map(({ examination, candidate, jobsPerDay, savedMsPerDay }) => {
    const { call: _call, ...shown } = candidate
    return { job: examination.job, ...shown, jobsPerDay: rounded(jobsPerDay), savedMsPerDay: rounded(savedMsPerDay) }
  })
  const { profile: _profile, ...verified } = verification ?? {}
  const jobs = loads.map(shownLoad)
  printJson({ examined: true, jobs, candidates, unexamined, ...(verification ? { verified } : {}) })
}

function shownLoad({ name, known, jobsPerDay, windowMs, cpuMsPerJob }: JobLoad): object {
  return { job: name, jobsPerDay: rounded(jobsPerDay), known, windowMs, ...defined({ cpuMsPerJob }) }
}

function rounded(value: number): number {
  return Number(value.toFixed(1))
}
