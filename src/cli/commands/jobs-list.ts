import type { Broker, JobPage } from '../../broker/broker.ts'
import { UsageError } from '../../errors.ts'
import { type BillKey, costOf, dearestJobs } from '../../queue/bills.ts'
import { type JobView, viewJob } from '../../queue/inspect.ts'
import { formatBytes } from '../../support/bytes.ts'
import { defined } from '../../support/defined.ts'
import { formatDuration } from '../../support/duration.ts'
import type { Invocation } from '../command.ts'
import { JOB_COLUMNS } from '../render/job-columns.ts'
import { note, print, printJson } from '../render/print.ts'
import { type Column, renderTable } from '../render/table.ts'
import { withBroker } from '../surroundings.ts'

type ListFlag = 'broker' | 'config' | 'state' | 'queue' | 'name' | 'limit' | 'cursor' | 'sort' | 'json'

export function runJobsList({ flags }: Invocation<ListFlag>): Promise<number> {
  const { sort, cursor } = flags
  if (sort !== undefined && cursor !== undefined)
    throw new UsageError('jobs list --sort has no pages: leave --cursor out')
  return withBroker(flags, async (broker) => {
    const page = await list(broker, flags)
    const jobs = page.jobs.map(viewJob)
    if (flags.json) {
      printJson({ jobs, ...defined({ cursor: page.cursor }) })
      return 0
    }
    print(jobs.length === 0 ? 'no jobs' : renderTable(sort === undefined ? JOB_COLUMNS : sortedColumns(sort), jobs))
    if (page.cursor !== undefined) note(`there are more: add --cursor ${page.cursor}`)
    return 0
  })
}

async function list(broker: Broker, flags: Invocation<ListFlag>['flags']): Promise<JobPage> {
  const { state, queue, name, cursor, sort, limit = 20 } = flags
  const filter = defined({ state, queue, name })
  if (sort === undefined) return broker.jobList({ limit, ...filter, ...defined({ cursor }) })
  return { jobs: await dearestJobs(broker, filter, sort, limit) }
}

/** What it is sorted by, before the last column. */
function sortedColumns(key: BillKey): readonly Column<JobView>[] {
  const format = key === 'memory' ? formatBytes : formatDuration
  const cost: Column<JobView> = { title: key, value: ({ bill }) => format(costOf(bill, key)), right: true }
  return [...JOB_COLUMNS.slice(0, -1), cost, ...JOB_COLUMNS.slice(-1)]
}
