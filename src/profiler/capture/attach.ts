import { createConnection, type Socket } from 'node:net'
import { WorkhorseError } from '../../errors.ts'
import { controlFolder, listControlSockets } from '../../worker/control/control-path.ts'
import type { ControlReply, ControlRequest, ProfileWindow, WorkerDescription } from '../../worker/control/messages.ts'
import { encodeFrame, type Frame, FrameReader } from '../../worker/isolation/fork/frames.ts'
import { ProfileMerge } from '../merge.ts'
import type { Profile } from '../profile.ts'
import { rateOf } from './profile-run.ts'

export interface AttachOptions {
  /** A worker's pid, or its name. */
  readonly worker: string
  readonly window: ProfileWindow
  readonly byProcess?: boolean
  /** Ends the window early. */
  readonly signal?: AbortSignal
  /** The worker has begun to measure. */
  readonly onBegin?: (worker: WorkerDescription) => void
}

export interface AttachResult {
  readonly profile: Profile
  readonly worker: WorkerDescription
  /** Executions that ran already when the window began, and are not in it. */
  readonly busyBefore: number
}

interface FoundWorker extends WorkerDescription {
  readonly path: string
}

/**
 * Profiles what a running worker of this host runs. Nothing has to be enabled in the worker before.
 * @throws WorkhorseError where there is no such worker, or it cannot do this now
 */
export async function attachToWorker(options: AttachOptions): Promise<AttachResult> {
  const worker = await findWorker(options.worker)
  const merge = new ProfileMerge({ byProcess: options.byProcess ?? false })
  const jobs = new Set<string>()
  const startedAt = Date.now()
  let lost = 0
  const socket = await connect(worker.path)
  const stop = (): void => void socket.end()
  options.signal?.addEventListener('abort', stop)
  let end: Extract<ControlReply, { type: 'profiled' }> | undefined
  request(socket, { type: 'profile', window: options.window })
  for await (const { header, body } of replies(socket)) {
    if (header.type === 'refused') throw new WorkhorseError('WORKHORSE_PROFILE_REFUSED', header.message)
    if (header.type === 'profiling') options.onBegin?.(worker)
    if (header.type === 'profiled') end = header
    if (header.type !== 'execution') continue
    if (header.job !== '') jobs.add(header.job)
    if (body.length > 0) merge.addText(body)
    else lost++
  }
  options.signal?.removeEventListener('abort', stop)
  if (end === undefined) {
    throw new WorkhorseError(
      'WORKHORSE_PROFILE_CUT',
      `worker ${worker.name} (pid ${worker.pid}) left while it was profiled`,
    )
  }
  const { durationMs, request: how } = options.window
  const profile = merge.build({
    title: `worker ${worker.name}${options.window.job ? `, ${options.window.job}` : ''}`,
    unit: how.kind === 'heap' ? 'bytes' : 'microseconds',
    jobs: [...jobs].sort(),
    lost,
    skipped: end.skipped,
    rateHz: rateOf(how),
    startedAt,
    durationMs: Math.min(durationMs, Date.now() - startedAt),
  })
  return { profile, worker, busyBefore: end.busyBefore }
}

/** By pid, or by name. @throws WorkhorseError naming the workers that there are */
async function findWorker(wanted: string): Promise<FoundWorker> {
  const workers = await listWorkers()
  const found = workers.find(({ pid, name }) => String(pid) === wanted || name === wanted)
  if (found) return found
  const known = workers.map(({ pid, name }) => `${name} (pid ${pid})`).join(', ')
  throw new WorkhorseError(
    'WORKHORSE_NO_SUCH_WORKER',
    `no worker '${wanted}' of this user on this host${known ? `; there are ${known}` : '; there is none at all'}`,
  )
}

async function listWorkers(): Promise<FoundWorker[]> {
  const found: FoundWorker[] = []
  for (const { path } of listControlSockets(controlFolder())) {
    try {
      const socket = await connect(path)
      request(socket, { type: 'describe' })
      for await (const { header } of replies(socket)) {
        if (header.type === 'worker') found.push({ ...header.worker, path })
        break
      }
      socket.destroy()
    } catch (error) {
      // It is leaving just now.
      const { code } = error as { code?: string }
      if (code !== 'ECONNREFUSED' && code !== 'ENOENT' && code !== 'ECONNRESET') throw error
    }
  }
  return found
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Half open: hanging up our side ends the window, and what was measured still arrives.
    const socket = createConnection({ path, allowHalfOpen: true })
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
  })
}

function request(socket: Socket, message: ControlRequest): void {
  socket.write(encodeFrame(message))
}

async function* replies(socket: Socket): AsyncGenerator<Frame<ControlReply>> {
  const reader = new FrameReader<ControlReply>()
  for await (const chunk of socket) yield* reader.push(chunk as Buffer)
}
