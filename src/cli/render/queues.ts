import type { QueueInfo } from '../../broker/broker.ts'
import { JOB_STATES, type JobState } from '../../job/states.ts'
import { type Column, renderTable } from './table.ts'

/** States that are shown even where no job is in them. */
const USUAL: readonly JobState[] = ['queued', 'started', 'finished', 'failed', 'scheduled']

export function renderQueues(queues: readonly QueueInfo[]): string {
  const states = JOB_STATES.filter((state) => USUAL.includes(state) || queues.some(({ counts }) => counts[state] > 0))
  const columns: Column<QueueInfo>[] = [
    { title: 'queue', value: ({ name }) => name },
    ...states.map((state) => countColumn(state)),
    { title: '', value: ({ paused }) => (paused ? 'paused' : ''), colour: () => 'yellow' },
  ]
  return renderTable(columns, queues)
}

function countColumn(state: JobState): Column<QueueInfo> {
  return {
    title: state,
    value: ({ counts }) => counts[state],
    right: true,
    colour: ({ counts }) => (counts[state] === 0 ? 'dim' : state === 'failed' ? 'red' : undefined),
  }
}
