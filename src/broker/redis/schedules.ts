import { UsageError } from '../../errors.ts'
import type { ScheduleFireParams, ScheduleRecord, ScheduleSync, ScheduleSyncParams } from '../schedule.ts'
import { encodeJobs } from './job-fields.ts'
import { given } from './record.ts'
import { asList, asNumber, asText, asTexts, Hash } from './reply.ts'
import type { Store } from './store.ts'

/** @throws UsageError where a name is another owner's */
export async function syncSchedules(store: Store, params: ScheduleSyncParams): Promise<ScheduleSync> {
  const { owner, definitions } = params
  const fields = definitions.flatMap(({ name, hash, spec, job, nextAt }) => [name, hash, spec, job, nextAt])
  const args = [owner, definitions.length, ...fields]
  const [verdict, added, changed, removed] = asList(await store.run('schedule-sync', () => args))
  if (asText(verdict) === 'foreign') throw new UsageError(belongsToAnother(asText(added), asText(changed), owner))
  return { added: asTexts(added).sort(), changed: asTexts(changed).sort(), removed: asTexts(removed).sort() }
}

function belongsToAnother(name: string, theirs: string, ours: string): string {
  return `schedule '${name}' belongs to '${theirs}', and '${ours}' wants to define it, too; rename one of them, or, where the owner has got another name, run: workhorse schedule delete ${name}`
}

export async function listSchedules(store: Store): Promise<ScheduleRecord[]> {
  return asList(await store.run('schedule-list', () => []))
    .map((reply) => {
      const [name, flat] = asList(reply)
      return toSchedule(asText(name), new Hash(asList(flat)))
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function toSchedule(name: string, hash: Hash): ScheduleRecord {
  return {
    name,
    owner: hash.text('owner') ?? '',
    hash: hash.text('hash') ?? '',
    spec: hash.text('spec') ?? '',
    job: hash.text('job') ?? '',
    nextAt: hash.number('next_at') ?? 0,
    ...given('lastAt', hash.number('last_at')),
    ...given('lastJobId', hash.text('last_job_id')),
  }
}

export async function fireSchedule(store: Store, params: ScheduleFireParams): Promise<boolean> {
  const { name, hash, expectedAt, nextAt, job } = params
  const jobs = await encodeJobs(job === undefined ? [] : [job], store.options.serializer)
  const args = [name, hash, expectedAt, nextAt, job?.id ?? '', ...jobs]
  return asNumber(await store.run('schedule-fire', (isRetry) => [isRetry ? '1' : '', ...args])) === 1
}
