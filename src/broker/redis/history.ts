import type { JobResultEntry } from '../../job/record.ts'
import { asList, asNumber, asText, Hash } from './reply.ts'
import { toResultEntry } from './result-entry.ts'
import type { Store } from './store.ts'

/** Ends of executions that are handed out. */
const KEPT_RESULTS = 10

/** How the executions of a job ended, newest first; none where the job is gone. */
export async function listResults(store: Store, id: string): Promise<JobResultEntry[]> {
  if (asNumber(await store.command('EXISTS', store.keys.job(id))) === 0) return []
  const entries = await store.command('XREVRANGE', store.keys.results(id), '+', '-', 'COUNT', KEPT_RESULTS)
  return asList(entries).map((reply) => {
    const [entryId, flat] = asList(reply)
    return toResultEntry(Number(asText(entryId).split('-')[0]), new Hash(asList(flat)))
  })
}
