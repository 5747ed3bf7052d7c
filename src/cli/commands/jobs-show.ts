import { JobNotFoundError } from '../../errors.ts'
import type { JsonValue } from '../../job/json.ts'
import type { JobResultEntry } from '../../job/record.ts'
import { viewJob } from '../../queue/inspect.ts'
import type { Invocation } from '../command.ts'
import { renderJob } from '../render/job.ts'
import { print, printJson } from '../render/print.ts'
import { withBroker } from '../surroundings.ts'

function viewResult({ result, ...entry }: JobResultEntry): object {
  return { ...entry, ...(result === undefined ? {} : { result: JSON.parse(result) as JsonValue }) }
}

export function runJobsShow({ flags, positionals }: Invocation<'broker' | 'config' | 'json'>): Promise<number> {
  const [id = ''] = positionals
  return withBroker(flags, async (broker) => {
    const record = await broker.jobFetch(id)
    if (record === undefined) throw new JobNotFoundError(id)
    const job = viewJob(record)
    const results = await broker.jobResults(id)
    if (flags.json) printJson({ ...job, history: results.map(viewResult) })
    else print(renderJob(job, results))
    return 0
  })
}
