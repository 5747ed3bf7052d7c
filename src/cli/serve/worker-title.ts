import { formatDuration } from '../../support/duration.ts'
import type { Supervisor } from '../../worker/supervisor/supervisor.ts'

const INTERVAL_MS = 1000

/** Keeps the title of a worker's process, as `ps` shows it, up to date: role, queues, slots, the oldest job and its age. */
export function keepTitle(supervisor: Supervisor, queues: readonly string[]): () => void {
  const set = (): void => {
    const title = describe(supervisor, queues)
    if (process.title !== title) process.title = title
  }
  set()
  const timer = setInterval(set, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function describe({ running, state, slots }: Supervisor, queues: readonly string[]): string {
  const stage = state === 'quiet' || state === 'stopping' ? ` ${state}` : ''
  const [oldest] = running
  const job =
    oldest === undefined ? '' : `, oldest ${oldest.job.name} for ${formatDuration(performance.now() - oldest.begunAt)}`
  return `workhorse: worker ${queues.join(' ')}${stage}, ${running.length}/${slots} busy${job}`
}
