import type { Broker, JobPage } from '../../broker/broker.ts'
import { UsageError } from '../../errors.ts'
import { type BillKey, costOf, dearestJobs } from '../../queue/bills.ts'
import { type JobView, viewJob } from '../../queue/inspect.ts'
import { formatBytes } from '../../support/bytes.ts'
import { defined } from '../../support/defined.ts'
import { formatDuration } from '../../support/duration.ts'
import type { Invocation } from '../command.ts'
import { stateColour } from '../render/job.ts'
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
    print(jobs.length === 0 ? 'no jobs' : renderTable(sort === undefined ? COLUMNS : sortedColumns(sort), jobs))
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

const COLUMNS: readonly Column<JobView>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'job', value: ({ name }) => name },
  { title: 'queue', value: ({ queue }) => queue },
  { title: 'state', value: ({ state }) => state, colour: ({ state }) => stateColour(state) },
  { title: 'age', value: ({ createdAt }) => formatDuration(Math.max(0, Date.now() - createdAt)), right: true },
  { title: 'took', value: took, right: true },
  { title: 'attempts', value: ({ attempts }) => attempts, right: true },
  { title: 'arguments or failure', value: ({ failure, args }) => oneLine(failure?.message) ?? JSON.stringify(args) },
]

/** What it is sorted by, before the last column. */
function sortedColumns(key: BillKey): readonly Column<JobView>[] {
  const format = key === 'memory' ? formatBytes : formatDuration
  const cost: Column<JobView> = { title: key, value: ({ bill }) => format(costOf(bill, key)), right: true }
  return [...COLUMNS.slice(0, -1), cost, ...COLUMNS.slice(-1)]
}

function took({ startedAt, endedAt, bill }: JobView): string {
  if (bill !== undefined) return formatDuration(bill.wallMs)
  return startedAt === undefined || endedAt === undefined ? '' : formatDuration(endedAt - startedAt)
}

function oneLine(text: string | undefined): string | undefined {
  return text?.replace(/\s*\n\s*/g, ' ')
}
