import { type JobView, viewJob } from '../../queue/inspect.ts'
import { defined } from '../../support/defined.ts'
import { formatDuration } from '../../support/duration.ts'
import type { Invocation } from '../command.ts'
import { stateColour } from '../render/job.ts'
import { note, print, printJson } from '../render/print.ts'
import { type Column, renderTable } from '../render/table.ts'
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
    print(jobs.length === 0 ? 'no jobs' : renderTable(COLUMNS, jobs))
    if (page.cursor !== undefined) note(`there are more: add --cursor ${page.cursor}`)
    return 0
  })
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

function took({ startedAt, endedAt, bill }: JobView): string {
  if (bill !== undefined) return formatDuration(bill.wallMs)
  return startedAt === undefined || endedAt === undefined ? '' : formatDuration(endedAt - startedAt)
}

function oneLine(text: string | undefined): string | undefined {
  return text?.replace(/\s*\n\s*/g, ' ')
}
