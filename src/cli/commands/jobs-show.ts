import { JobNotFoundError } from '../../errors.ts'
import { viewJob } from '../../queue/inspect.ts'
import type { Invocation } from '../command.ts'
import { renderJob } from '../render/job.ts'
import { print, printJson } from '../render/print.ts'
import { withBroker } from '../surroundings.ts'

export function runJobsShow({ flags, positionals }: Invocation<'broker' | 'config' | 'json'>): Promise<number> {
  const [id = ''] = positionals
  return withBroker(flags, async (broker) => {
    const record = await broker.jobFetch(id)
    if (record === undefined) throw new JobNotFoundError(id)
    const job = viewJob(record)
    if (flags.json) printJson(job)
    else print(renderJob(job))
    return 0
  })
}
