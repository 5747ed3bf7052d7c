import { WorkhorseError } from '../../errors.ts'
import type { ProfileWindow, WorkerDescription } from '../../worker/control/messages.ts'
import { ProfileMerge } from '../merge.ts'
import type { Profile } from '../profile.ts'
import { type FoundWorker, findWorkers } from './find-workers.ts'
import { rateOf } from './profile-run.ts'
import { WorkerLine } from './worker-line.ts'

export interface AttachOptions {
  /** A worker's pid or name, or those of a master: then all of its workers. */
  readonly worker: string
  readonly window: ProfileWindow
  readonly byProcess?: boolean
  /** Ends the window early. */
  readonly signal?: AbortSignal
  /** All of them have begun to measure. */
  readonly onBegin?: (workers: readonly WorkerDescription[]) => void
}

export interface AttachResult {
  readonly profile: Profile
  readonly workers: readonly WorkerDescription[]
  /** Executions that ran already when the window began, and are not in it. */
  readonly busyBefore: number
  /** Workers that left before their window was over; what they had sent until then counts. */
  readonly gone: readonly WorkerDescription[]
}

interface Collected {
  readonly merge: ProfileMerge
  readonly jobs: Set<string>
  lost: number
  skipped: number
  busyBefore: number
}

/**
 * Profiles what running workers of this host run, all of them into one. Nothing has to be enabled in them before.
 * @throws WorkhorseError where there is no such worker, or one of them cannot do this now
 */
export async function attachToWorkers(options: AttachOptions): Promise<AttachResult> {
  const workers = await findWorkers(options.worker)
  const merge = new ProfileMerge({ byProcess: options.byProcess ?? false })
  const collected: Collected = { merge, jobs: new Set(), lost: 0, skipped: 0, busyBefore: 0 }
  const startedAt = Date.now()
  const lines = await Promise.all(workers.map(({ path }) => WorkerLine.open(path)))
  const stop = (): void => {
    for (const line of lines) line.hangUp()
  }
  options.signal?.addEventListener('abort', stop)
  let begun = 0
  const onBegin = (): void => {
    if (++begun === workers.length) options.onBegin?.(workers)
  }
  let gone: WorkerDescription[]
  try {
    const ends = await Promise.all(
      workers.map((worker, index) => collect(worker, lines[index] as WorkerLine, options.window, collected, onBegin)),
    )
    gone = workers.filter((_, index) => !ends[index])
  } finally {
    options.signal?.removeEventListener('abort', stop)
    for (const line of lines) line.close()
  }
  if (gone.length === workers.length) throw cut(gone)
  return {
    profile: build(options.window, workers, collected, startedAt),
    workers,
    busyBefore: collected.busyBefore,
    gone,
  }
}

/** @returns false where the worker left before its window was over */
async function collect(
  worker: FoundWorker,
  line: WorkerLine,
  window: ProfileWindow,
  collected: Collected,
  onBegin: () => void,
): Promise<boolean> {
  let ended = false
  line.ask({ type: 'profile', window })
  for await (const { header, body } of line.replies()) {
    if (header.type === 'refused') {
      throw new WorkhorseError(
        'WORKHORSE_PROFILE_REFUSED',
        `worker ${worker.name} (pid ${worker.pid}): ${header.message}`,
      )
    }
    if (header.type === 'profiling') onBegin()
    if (header.type === 'profiled') {
      ended = true
      collected.skipped += header.skipped
      collected.busyBefore += header.busyBefore
    }
    if (header.type !== 'execution') continue
    if (header.job !== '') collected.jobs.add(header.job)
    if (body.length > 0) collected.merge.addText(body)
    else collected.lost++
  }
  return ended
}

function build(
  { durationMs, request, job }: ProfileWindow,
  workers: readonly FoundWorker[],
  { merge, jobs, lost, skipped }: Collected,
  startedAt: number,
): Profile {
  const [first] = workers
  const who =
    workers.length === 1 ? `worker ${first?.name}` : `${workers.length} workers of master ${nameOfMaster(first)}`
  return merge.build({
    title: `${who}${job ? `, ${job}` : ''}`,
    unit: request.kind === 'heap' ? 'bytes' : 'microseconds',
    jobs: [...jobs].sort(),
    lost,
    skipped,
    rateHz: rateOf(request),
    startedAt,
    durationMs: Math.min(durationMs, Date.now() - startedAt),
  })
}

function nameOfMaster(worker: FoundWorker | undefined): string {
  return worker?.master?.name ?? `(pid ${worker?.master?.pid})`
}

function cut(gone: readonly WorkerDescription[]): WorkhorseError {
  const names = gone.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ')
  return new WorkhorseError('WORKHORSE_PROFILE_CUT', `worker ${names} left while it was profiled`)
}
