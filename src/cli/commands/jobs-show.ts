import { JobNotFoundError } from '../../errors.ts'
import type { JsonValue } from '../../job/json.ts'
import type { JobResultEntry } from '../../job/record.ts'
import { viewJob } from '../../queue/inspect.ts'
import type { Invocation } from '../command.ts'
import { renderJob } from '../render/job.ts'
import { print, printJson } from '../render/print.ts'
import { withBroker } from '../surroundings.ts'
import { assertNoProfileFlags, showProfile } from './jobs-show-profile.ts'

function viewResult({ result, ...entry }: JobResultEntry): object {
  return { ...entry, ...(result === undefined ? {} : { result: JSON.parse(result) as JsonValue }) }
}

type JobsShowFlag = 'broker' | 'config' | 'profile' | 'output' | 'format' | 'json'

export function runJobsShow({ flags, positionals }: Invocation<JobsShowFlag>): Promise<number> {
  if (!flags.profile) assertNoProfileFlags(flags)
  const [id = ''] = positionals
  return withBroker(flags, async (broker) => {
    const record = await broker.jobFetch(id)
    if (record === undefined) throw new JobNotFoundError(id)
    if (flags.profile) return showProfile(flags, record)
    const job = viewJob(record)
    const results = await broker.jobResults(id)
    if (flags.json) printJson({ ...job, history: results.map(viewResult) })
    else print(renderJob(job, results))
    return 0
  })
}
