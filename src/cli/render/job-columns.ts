import type { JobView } from '../../queue/inspect.ts'
import { formatDuration } from '../../support/duration.ts'
import { stateColour } from './job.ts'
import type { Column } from './table.ts'

/** A job in a list. */
export const JOB_COLUMNS: readonly Column<JobView>[] = [
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
