import { viewJob } from '../../queue/inspect.ts'
import { defined } from '../../support/defined.ts'
import type { Invocation } from '../command.ts'
import { JOB_COLUMNS } from '../render/job-columns.ts'
import { note, print, printJson } from '../render/print.ts'
import { renderTable } from '../render/table.ts'
import { withBroker } from '../surroundings.ts'

type ListFlag = 'broker' | 'config' | 'state' | 'queue' | 'name' | 'limit' | 'cursor' | 'json'

export function runJobsList({ flags }: Invocation<ListFlag>): Promise<number> {
  const { state, queue, name, cursor, limit = 20 } = flags
  return withBroker(flags, async (broker) => {
    const page = await broker.jobList({ limit, ...defined({ state, queue, name, cursor }) })
    const jobs = page.jobs.map(viewJob)
    if (flags.json) {
      printJson({ jobs, ...defined({ cursor: page.cursor }) })
      return 0
    }
    print(jobs.length === 0 ? 'no jobs' : renderTable(JOB_COLUMNS, jobs))
    if (page.cursor !== undefined) note(`there are more: add --cursor ${page.cursor}`)
    return 0
  })
}
