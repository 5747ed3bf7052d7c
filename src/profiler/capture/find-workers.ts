import { readFileSync } from 'node:fs'
import { WorkhorseError } from '../../errors.ts'
import { controlFolder, listControlSockets } from '../../worker/control/control-path.ts'
import type { WorkerDescription } from '../../worker/control/messages.ts'
import { WorkerLine } from './worker-line.ts'

export interface FoundWorker extends WorkerDescription {
  readonly path: string
}

/**
 * A worker by its pid or name; or all workers of a master (`workhorse workers N`), by the master's pid or the name that was given to it.
 * @throws WorkhorseError naming the workers that there are
 */
export async function findWorkers(wanted: string): Promise<FoundWorker[]> {
  const workers = await listWorkers()
  const found = workers.filter(({ pid, name }) => String(pid) === wanted || name === wanted)
  if (found.length > 0) return found
  const crew = workers.filter(({ master }) => master && (String(master.pid) === wanted || master.name === wanted))
  if (crew.length > 0) return crew
  throw new WorkhorseError(
    'WORKHORSE_NO_SUCH_WORKER',
    `no worker '${wanted}' of this user on this host; ${ownerOf(Number(wanted), workers) ?? listed(workers)}`,
  )
}

function listed(workers: readonly FoundWorker[]): string {
  if (workers.length === 0) return 'there is none at all'
  const masters = new Map(workers.flatMap(({ master }) => (master ? [[master.pid, master.name]] : [])))
  const all = [
    ...workers.map(({ pid, name }) => `${name} (pid ${pid})`),
    ...[...masters].map(([pid, name]) => `the master ${name === undefined ? '' : `${name} `}(pid ${pid})`),
  ]
  return `there are ${all.join(', ')}`
}

/** The pid of a horse, a zygote or a pool child is a near miss. */
function ownerOf(pid: number, workers: readonly FoundWorker[]): string | undefined {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf(at)) {
    const owner = workers.find((worker) => worker.pid === at)
    if (owner) return `it is a process of worker ${owner.name}: profile that (-p ${owner.pid})`
  }
  return undefined
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[1])
  } catch {
    // There is no such process, or no /proc.
    return undefined
  }
}

async function listWorkers(): Promise<FoundWorker[]> {
  const found: FoundWorker[] = []
  for (const { path } of listControlSockets(controlFolder())) {
    try {
      const line = await WorkerLine.open(path)
      line.ask({ type: 'describe' })
      for await (const { header } of line.replies()) {
        if (header.type === 'worker') found.push({ ...header.worker, path })
        break
      }
      line.close()
    } catch (error) {
      // It is leaving just now.
      const { code } = error as { code?: string }
      if (code !== 'ECONNREFUSED' && code !== 'ENOENT' && code !== 'ECONNRESET') throw error
    }
  }
  return found
}
