import type { WorkerInfo, WorkerRegistration, WorkerState } from '../broker.ts'
import { parseTime } from './codec/times.ts'
import type { Reply } from './connection.ts'
import { asList, asText, asTexts, Hash } from './reply.ts'

/** What of a registration is kept as it is. */
export type WorkerRecord = Omit<WorkerRegistration, 'ttlMs' | 'name'>

const STATES: Readonly<Record<string, WorkerState>> = {
  started: 'starting',
  busy: 'busy',
  idle: 'idle',
  suspended: 'idle',
}

interface Slot {
  /** Of the key: RQ 1.x does not write it into the hash. */
  readonly name: string
  readonly hash: Hash
  /** Job ids. */
  readonly running: readonly string[]
}

/** Answer of scripts/worker-list.lua: ours with all their slots as one, and each of Python's. */
export function toWorkerList(reply: Reply): WorkerInfo[] {
  const [own, rq] = asList(reply)
  const slots = asList(rq).map(toSlot)
  const workers = asList(own).map((entry) => toOwnWorker(entry, slots))
  const others = slots.filter(({ hash }) => hash.text('wh_worker') === undefined).map(toPythonWorker)
  return [...workers, ...others].sort((a, b) => a.startedAt - b.startedAt || (a.name < b.name ? -1 : 1))
}

function toSlot(reply: Reply): Slot {
  const [key, flat, executions] = asList(reply)
  const hash = new Hash(asList(flat))
  const now = hash.text('wh_running') ?? undefined
  const current = hash.text('current_job')
  const jobs = [...(now === undefined ? [] : [withoutExecution(now)]), ...(current === undefined ? [] : [current])]
  // RQ after 2.10 has no current_job any more, but a set of executions.
  const all = jobs.length > 0 ? jobs : asTexts(executions).map(withoutExecution)
  const name = /:worker:(.*)$/s.exec(asText(key))?.[1] ?? ''
  return { name, hash, running: [...new Set(all)] }
}

function toOwnWorker(entry: Reply, slots: readonly Slot[]): WorkerInfo {
  const [nameReply, flat] = asList(entry)
  const name = asText(nameReply)
  const hash = new Hash(asList(flat))
  const record = JSON.parse(hash.text('record') ?? '{}') as WorkerRecord
  return {
    name,
    ...record,
    state: hash.text('state') as WorkerState,
    heartbeatAt: hash.number('heartbeat_at') ?? 0,
    finished: hash.number('finished') ?? 0,
    failed: hash.number('failed') ?? 0,
    running: slots.filter((slot) => slot.hash.text('wh_worker') === name).flatMap(({ running }) => running),
  }
}

function toPythonWorker({ name, hash, running }: Slot): WorkerInfo {
  const heartbeatAt = parseTime(hash.text('last_heartbeat')) ?? 0
  return {
    name,
    hostname: hash.text('hostname') ?? '',
    pid: hash.number('pid') ?? 0,
    queues: (hash.text('queues') ?? '').split(',').filter((queue) => queue !== ''),
    concurrency: 1,
    isolation: 'python-rq',
    version: hash.text('version') ?? '',
    startedAt: parseTime(hash.text('birth')) ?? heartbeatAt,
    state:
      hash.text('shutdown_requested_date') === undefined ? (STATES[hash.text('state') ?? ''] ?? 'idle') : 'stopping',
    heartbeatAt,
    finished: hash.number('successful_job_count') ?? 0,
    failed: hash.number('failed_job_count') ?? 0,
    running,
  }
}

function withoutExecution(both: string): string {
  return both.replace(/:[^:]+$/, '')
}
