import type { Broker, JobCancelOptions } from '../broker/broker.ts'
import type { WorkerCommand } from '../broker/command.ts'
import { JobNotFoundError, JobStateError, ResultTimeoutError, WorkerGoneError } from '../errors.ts'
import type { JobRecord } from '../job/record.ts'
import { isEnded, type JobState } from '../job/states.ts'

/** How long a worker may take to tell of a job's end, beyond the grace. */
const ANSWER_MS = 10_000
/** A job may begin, or go back to its queue, between the look and the deed; more than this often in a row is no accident. */
const ATTEMPTS = 5

/**
 * Takes a job out that has not begun, and asks one that runs to end: its signal aborts. One that looks at it becomes
 * `canceled`; one that does not goes on.
 * @returns `canceled`, or `started` where it was asked
 * @throws JobNotFoundError, @throws JobStateError where it has ended, @throws WorkerGoneError
 */
export function cancelJob(broker: Broker, id: string, options: JobCancelOptions = {}): Promise<JobState> {
  return whereItStands(broker, id, options, async (record) => {
    await tell(broker, record, { type: 'cancel-job', jobId: id })
    return 'started'
  })
}

/**
 * Ends a job wherever it runs: its signal aborts, and after `graceMs` (none: at once) its process group is killed, blocked
 * loop or not. It becomes `stopped`, and is not retried. A job that has not begun is canceled. Resolves when it has ended.
 * @returns the state in which it has ended; `finished` or `failed` where it was faster
 * @throws JobNotFoundError, @throws JobStateError where it has ended before, @throws WorkerGoneError
 * @throws ResultTimeoutError where its worker does not tell of its end
 */
export function stopJob(broker: Broker, id: string, graceMs = 0): Promise<JobState> {
  return whereItStands(broker, id, {}, async (record) => {
    await tell(broker, record, { type: 'stop-job', jobId: id, graceMs })
    const timeoutMs = graceMs + ANSWER_MS
    const ended = await broker.jobWait(id, { timeoutMs })
    // A job whose failure is kept for no time is gone with its end.
    if (ended === undefined) return 'stopped'
    if (!isEnded(ended.state)) throw new ResultTimeoutError(id, ended.state, timeoutMs)
    return ended.state
  })
}

/** Cancels a job that waits; for one that runs, does `whenRunning`. */
async function whereItStands(
  broker: Broker,
  id: string,
  options: JobCancelOptions,
  whenRunning: (record: JobRecord) => Promise<JobState>,
): Promise<JobState> {
  for (let attempt = 1; ; attempt++) {
    const record = await broker.jobFetch(id)
    if (record === undefined) throw new JobNotFoundError(id)
    if (isEnded(record.state)) throw new JobStateError(id, record.state, 'it has ended already')
    if (record.state === 'started') return whenRunning(record)
    try {
      await broker.jobCancel(id, options)
      return 'canceled'
    } catch (error) {
      if (!(error instanceof JobStateError) || attempt === ATTEMPTS) throw error
    }
  }
}

async function tell(broker: Broker, { id, worker = '' }: JobRecord, command: WorkerCommand): Promise<void> {
  const heard = await broker.commandSend({ worker, command })
  if (!heard) throw new WorkerGoneError(id, worker)
}
