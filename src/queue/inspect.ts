import type { Broker, QueueInfo, WorkerInfo, WorkerState } from '../broker/broker.ts'
import { JobNotFoundError, JobStateError, WorkerGoneError } from '../errors.ts'
import type { JobFailure } from '../job/failure.ts'
import type { JsonValue } from '../job/json.ts'
import type { Bill, JobRecord } from '../job/record.ts'
import type { JobState } from '../job/states.ts'

/** What people look at: the command line and the dashboard show the same. */

/** A job with its texts parsed. Times are Unix milliseconds. */
export interface JobView extends Omit<JobRecord, 'args' | 'meta' | 'result'> {
  readonly args: readonly JsonValue[]
  readonly meta?: JsonValue
  readonly result?: JsonValue
  readonly failure?: JobFailure
  readonly bill?: Bill
}

/** A job that runs now, as far as a list of workers needs it. */
export interface RunningJob {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly startedAt: number | undefined
}

export interface WorkerView extends Omit<WorkerInfo, 'running'> {
  readonly running: readonly RunningJob[]
}

/** Everything at one moment, or nearly: the parts are read one after another. */
export interface Snapshot {
  readonly broker: string
  readonly takenAt: number
  /** Workers take nothing, whatever the queue. */
  readonly suspended: boolean
  readonly queues: readonly QueueInfo[]
  readonly workers: readonly WorkerView[]
}

export async function takeSnapshot(broker: Broker): Promise<Snapshot> {
  const [queues, workers, suspended] = await Promise.all([
    broker.queueList(),
    broker.workerList(),
    broker.workSuspended(),
  ])
  const views = await Promise.all(workers.map((worker) => viewWorker(broker, worker)))
  return { broker: broker.url, takenAt: Date.now(), suspended, queues, workers: views }
}

async function viewWorker(broker: Broker, worker: WorkerInfo): Promise<WorkerView> {
  const records = await Promise.all(worker.running.map((id) => broker.jobFetch(id)))
  const running = records.filter((record) => record !== undefined).map(viewRunning)
  return { ...worker, state: stateOf(worker.state, running.length), running }
}

/** A worker tells its state now and then; what it runs is known at once. */
function stateOf(told: WorkerState, running: number): WorkerState {
  if (told === 'stopping' || told === 'quiet') return told
  if (running > 0) return 'busy'
  return told === 'busy' ? 'idle' : told
}

function viewRunning({ id, name, queue, startedAt }: JobRecord): RunningJob {
  return { id, name, queue, startedAt }
}

export function viewJob(record: JobRecord): JobView {
  const { args, meta, result, ...rest } = record
  return {
    ...rest,
    args: JSON.parse(args) as JsonValue[],
    ...(meta === undefined ? {} : { meta: JSON.parse(meta) as JsonValue }),
    ...(result === undefined ? {} : { result: JSON.parse(result) as JsonValue }),
  }
}

/** Which jobs to change: some by id, or all in a state. */
export type JobSelection = { readonly ids: readonly string[] } | { readonly state: JobState; readonly queue?: string }

export interface ChangeReport {
  readonly changed: readonly string[]
  /** Only for jobs that were asked for by id: what left the state meanwhile is nobody's mistake. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[]
}

/** Put jobs back at the ends of their queues. */
export function requeueJobs(broker: Broker, selection: JobSelection): Promise<ChangeReport> {
  return changeJobs(broker, selection, (id) => broker.jobRequeue(id))
}

export function deleteJobs(broker: Broker, selection: JobSelection): Promise<ChangeReport> {
  return changeJobs(broker, selection, (id) => broker.jobDelete(id))
}

/** One by one; what cannot be changed is reported. */
export async function changeJobs(
  broker: Broker,
  selection: JobSelection,
  change: (id: string) => Promise<void>,
): Promise<ChangeReport> {
  const byId = 'ids' in selection
  const ids = byId ? selection.ids : await listIds(broker, selection)
  const changed: string[] = []
  const refused: { id: string; reason: string }[] = []
  for (const id of new Set(ids)) {
    try {
      await change(id)
      changed.push(id)
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (byId) refused.push({ id, reason: error.message })
    }
  }
  return { changed, refused }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof JobNotFoundError || error instanceof JobStateError || error instanceof WorkerGoneError
}

/** All of them before the first is changed: a changed job may turn up in the list again. */
async function listIds(
  broker: Broker,
  filter: { readonly state: JobState; readonly queue?: string },
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await broker.jobList({ ...filter, limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    ids.push(...page.jobs.map(({ id }) => id))
    cursor = page.cursor
  } while (cursor !== undefined)
  // Oldest first, so that jobs go back in the order in which they came.
  return ids.reverse()
}
