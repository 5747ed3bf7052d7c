import type { ClaimedJob, JobRecord, NewJob } from '../../job/record.ts'

/** What a broker carries for others to read: kept as one JSON text in the job's row. */
type CarriedOptions = Pick<
  NewJob,
  'retry' | 'repeat' | 'callbacks' | 'dependsOn' | 'group' | 'isolation' | 'limits' | 'ttlMs'
>

const NAMES = ['retry', 'repeat', 'callbacks', 'dependsOn', 'group', 'isolation', 'limits', 'ttlMs'] as const

/** Null where the job has none of them, which is the usual case. */
export function encodeOptions(job: NewJob): string | null {
  const given = NAMES.filter((name) => job[name] !== undefined)
  return given.length === 0 ? null : JSON.stringify(Object.fromEntries(given.map((name) => [name, job[name]])))
}

interface OptionsRow {
  readonly options: string | null
  readonly retries_left: number | null
  readonly repeats_left: number | null
}

export function decodeForRecord(row: OptionsRow): Partial<JobRecord> {
  if (row.options === null) return {}
  const options = JSON.parse(row.options) as CarriedOptions
  return {
    ...options,
    ...(options.retry === undefined ? {} : { retriesLeft: row.retries_left ?? 0 }),
    ...(options.repeat === undefined ? {} : { repeatsLeft: row.repeats_left ?? 0 }),
  }
}

/** The part that whoever runs the job needs. */
export function decodeForClaim(row: OptionsRow): Partial<ClaimedJob> {
  if (row.options === null) return {}
  const { dependsOn: _, ttlMs: __, ...wanted } = decodeForRecord(row)
  return wanted
}
