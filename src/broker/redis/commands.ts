import type { CommandSendParams } from '../broker.ts'
import type { WorkerCommand } from '../command.ts'
import type { Keys } from './keys.ts'
import type { Listener } from './listener.ts'
import { asNumber } from './reply.ts'
import type { SlotBook } from './slot-book.ts'
import type { Store } from './store.ts'

/** What RQ publishes, in its words; what only we know is beside them, and ignored by Python. */
interface RqCommand {
  readonly command?: unknown
  readonly job_id?: unknown
  readonly wh_grace_ms?: unknown
}

export function encodeCommand(command: WorkerCommand): string {
  switch (command.type) {
    case 'shutdown':
      return JSON.stringify({ command: 'shutdown' })
    case 'kill-horse':
      return JSON.stringify({
        command: 'kill-horse',
        ...(command.jobId === undefined ? {} : { job_id: command.jobId }),
      })
    case 'cancel-job':
      return JSON.stringify({ command: 'cancel-job', job_id: command.jobId })
    case 'stop-job': {
      const grace = command.graceMs === undefined ? {} : { wh_grace_ms: command.graceMs }
      return JSON.stringify({ command: 'stop-job', job_id: command.jobId, ...grace })
    }
  }
}

/**
 * Undefined where it is none that is known, as RQ's workers ignore those.
 * @param slotJob the job that the slot runs which is meant, where one slot is meant and not the whole worker
 */
export function decodeCommand(message: string, slotJob?: () => string | undefined): WorkerCommand | undefined {
  const given = parse(message)
  const jobId = typeof given?.job_id === 'string' ? given.job_id : undefined
  const graceMs = typeof given?.wh_grace_ms === 'number' ? given.wh_grace_ms : undefined
  switch (given?.command) {
    case 'shutdown':
      return { type: 'shutdown' }
    case 'kill-horse': {
      if (slotJob === undefined) return jobId === undefined ? { type: 'kill-horse' } : { type: 'kill-horse', jobId }
      const running = slotJob()
      return running === undefined ? undefined : { type: 'kill-horse', jobId: running }
    }
    case 'stop-job':
    case 'stop-execution':
      if (jobId === undefined) return undefined
      return graceMs === undefined ? { type: 'stop-job', jobId } : { type: 'stop-job', jobId, graceMs }
    case 'cancel-job':
      return jobId === undefined ? undefined : { type: 'cancel-job', jobId }
    default:
      return undefined
  }
}

function parse(message: string): RqCommand | undefined {
  try {
    const value: unknown = JSON.parse(message)
    return typeof value === 'object' && value !== null ? (value as RqCommand) : undefined
  } catch {
    return undefined
  }
}

/** False where nobody of that name listens. */
export async function sendCommand(store: Store, { worker, command }: CommandSendParams): Promise<boolean> {
  const isCluster = store.options.at.kind === 'cluster' ? 1 : 0
  return asNumber(await store.run('worker-tell', () => [worker, encodeCommand(command), isCluster])) > 0
}

/** RQ's tools tell a slot, ours the worker. Returns how to listen no more. */
export async function listenForCommands(
  listener: Listener,
  keys: Keys,
  worker: string,
  book: SlotBook | undefined,
  heard: (command: WorkerCommand) => void,
): Promise<() => Promise<void>> {
  const leaves = await Promise.all(
    [worker, ...(book?.names ?? [])].map((name) =>
      listener.subscribe(keys.commandChannel(name), (message) => {
        const command = decodeCommand(message, name === worker ? undefined : () => book?.jobOf(name))
        if (command !== undefined) heard(command)
      }),
    ),
  )
  return async () => {
    for (const leave of leaves) leave()
  }
}
