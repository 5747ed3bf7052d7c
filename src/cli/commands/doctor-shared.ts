import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Broker } from '../../broker/broker.ts'
import { parseSqliteUrl } from '../../broker/sqlite/url.ts'
import type { Settings } from '../../config/settings.ts'
import type { Examination } from '../../profiler/doctor/doctor.ts'
import type { Verification } from '../../profiler/doctor/verify.ts'
import { exportProfile } from '../../profiler/export/formats.ts'
import { sideOf } from '../../profiler/sides.ts'
import { formatDuration } from '../../support/duration.ts'
import type { FlagValues } from '../flags.ts'
import { note } from '../render/print.ts'
import { openBroker } from '../surroundings.ts'

export type DoctorFlag =
  | 'broker'
  | 'config'
  | 'jobs-file'
  | 'args'
  | 'runs'
  | 'warm'
  | 'verify'
  | 'max-repeat'
  | 'graphs'
  | 'rerun'
  | 'limit'
  | 'json'
export type DoctorFlags = FlagValues<DoctorFlag>

const EXIT_TOO_MUCH = 1

/** For CI: too much that is repeated is an error. */
export function judgeCandidates({ job, candidates }: Examination, flags: DoctorFlags): number {
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

/** What the broker knows; undefined where its file is not there: a doctor's visit makes no database. */
export async function withHistory<R>(settings: Settings, use: (broker: Broker) => Promise<R>): Promise<R | undefined> {
  const { brokerUrl, brokerFolder } = settings
  if (brokerUrl.startsWith('sqlite:') && !existsSync(parseSqliteUrl(brokerUrl, brokerFolder).file)) return undefined
  const broker = await openBroker(settings)
  try {
    return await use(broker)
  } finally {
    await broker.close()
  }
}

export async function writeGraphs(
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
