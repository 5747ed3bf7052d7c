import { hostname } from 'node:os'
import type { WorkerInfo } from '../../broker/broker.ts'
import { WorkhorseError } from '../../errors.ts'
import { formatDuration } from '../../support/duration.ts'
import { isRunning } from '../../support/is-running.ts'
import type { Invocation } from '../command.ts'
import { print, printJson } from '../render/print.ts'
import { readPid } from '../serve/pid-file.ts'
import { withBroker } from '../surroundings.ts'

type HealthFlag = 'broker' | 'config' | 'name' | 'pid-file' | 'max-age' | 'json'

const MAX_AGE_MS = 30_000

/** For probes: exit code 0 where the broker answers and has heard of a worker of this host lately. */
export function runHealth({ flags }: Invocation<HealthFlag>): Promise<number> {
  const { name, 'pid-file': pidFile, 'max-age': maxAge = MAX_AGE_MS } = flags
  const pid = pidFile === undefined ? undefined : livingPid(pidFile)
  return withBroker(flags, async (broker) => {
    const workers = (await broker.workerList()).filter((worker) => isMeant(worker, name, pid))
    if (workers.length === 0) throw unhealthy(`${whom(name, pid)} is not on the broker's list`)
    const now = Date.now()
    const fresh = workers.filter(({ heartbeatAt }) => now - heartbeatAt <= maxAge)
    if (fresh.length === 0) {
      const age = formatDuration(now - Math.max(...workers.map(({ heartbeatAt }) => heartbeatAt)))
      throw unhealthy(`${whom(name, pid)} was last heard of ${age} ago, and ${formatDuration(maxAge)} is allowed`)
    }
    if (flags.json) printJson({ workers: fresh })
    else for (const worker of fresh) print(describe(worker, now))
    return 0
  })
}

function livingPid(path: string): number {
  const pid = readPid(path)
  if (pid === undefined) throw unhealthy(`there is no pid in ${path}`)
  if (!isRunning(pid)) throw unhealthy(`process ${pid} of ${path} does not run`)
  return pid
}

function isMeant(worker: WorkerInfo, name: string | undefined, pid: number | undefined): boolean {
  if (name !== undefined) return worker.name === name
  return worker.hostname === hostname() && (pid === undefined || worker.pid === pid)
}

function whom(name: string | undefined, pid: number | undefined): string {
  if (name !== undefined) return `worker ${name}`
  return pid === undefined ? `a worker of host ${hostname()}` : `the worker with pid ${pid} of host ${hostname()}`
}

function describe({ name, state, heartbeatAt, running, concurrency }: WorkerInfo, now: number): string {
  return `${name}: ${state}, ${running.length}/${concurrency} busy, heard of ${formatDuration(now - heartbeatAt)} ago`
}

function unhealthy(reason: string): WorkhorseError {
  return new WorkhorseError('WORKHORSE_UNHEALTHY', reason)
}
