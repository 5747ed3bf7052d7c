import { afterAll } from 'vitest'
import type { BootReport } from '../../dist/worker/isolation/fork/messages.js'
import { ZygoteKeeper } from '../../dist/worker/isolation/fork/zygote-keeper.js'
import { ForkNursery } from '../../dist/worker/isolation/pool/fork-nursery.js'
import { PoolIsolation } from '../../dist/worker/isolation/pool/pool-isolation.js'
import type { PoolOptions } from '../../dist/worker/isolation/pool/pool-options.js'
import type { Nursery } from '../../dist/worker/isolation/pool/pool-process.js'
import { SpawnNursery } from '../../dist/worker/isolation/pool/spawned-process.js'

export interface OpenedPool {
  readonly isolation: PoolIsolation
  readonly told: PoolTold
  /** Pid of the zygote, where there is one. */
  zygotePid(): number
}

/** What a pool has told its log. */
export interface PoolTold {
  readonly ready: number[]
  readonly retired: string[]
  readonly died: string[]
  readonly failedStarts: string[]
  readonly output: string[]
  readonly notices: string[]
  readonly broken: Error[]
}

export type PoolStart = 'fork' | 'spawn'

/** Pool mode with the given job modules; not started yet. */
export function poolIsolation(
  start: PoolStart,
  modules: readonly string[],
  options: Partial<PoolOptions> & { readonly nodeFlags?: readonly string[]; readonly zygote?: ZygoteKeeper } = {},
): OpenedPool {
  const { nodeFlags = [], zygote, ...poolOptions } = options
  const told: PoolTold = { ready: [], retired: [], died: [], failedStarts: [], output: [], notices: [], broken: [] }
  const resolved: PoolOptions = {
    size: 4,
    first: options.size ?? 4,
    least: 1,
    perChild: 1,
    prefetch: 0,
    maxJobs: undefined,
    maxMemoryBytes: undefined,
    maxAgeMs: undefined,
    idleMs: undefined,
    startMs: 30_000,
    startDelaysMs: [10, 20, 40, 80],
    leaveMs: 5000,
    ...poolOptions,
  }
  const keeper = start === 'fork' ? (zygote ?? zygoteKeeper(modules, nodeFlags)) : undefined
  const isolation = new PoolIsolation(resolved, nursery(keeper, modules, nodeFlags, resolved.perChild), {
    childReady: (pid) => void told.ready.push(pid ?? 0),
    childRetired: (_pid, reason) => void told.retired.push(reason),
    childDied: (_pid, reason) => void told.died.push(reason),
    startFailed: (reason) => void told.failedStarts.push(reason),
    childOutput: (_pid, _stream, text) => void told.output.push(text),
    notice: (_pid, message) => void told.notices.push(message),
    broken: (error) => void told.broken.push(error),
  })
  return { isolation, told, zygotePid: () => keeper?.pid ?? 0 }
}

/** A zygote for all tests of one file that do it no harm, booted for the first of them. Called at the top of the file. */
export function sharedZygote(modules: readonly string[]): () => Promise<ZygoteKeeper> {
  const user = { zygoteReady: () => {}, zygoteLost: () => {}, offspringGone: () => {} }
  let booting: Promise<ZygoteKeeper> | undefined
  const boot = async () => {
    const keeper = zygoteKeeper(modules, [])
    await keeper.start(user)
    return keeper
  }
  afterAll(async () => (await booting)?.close(user))
  return () => {
    booting ??= boot()
    return booting
  }
}

function nursery(
  keeper: ZygoteKeeper | undefined,
  modules: readonly string[],
  nodeFlags: readonly string[],
  perChild: number,
): Nursery {
  if (keeper) return new ForkNursery(keeper, { perChild })
  return new SpawnNursery({ modules, role: { perChild }, startMs: 30_000, nodeFlags, hiddenEnv: [] })
}

function zygoteKeeper(modules: readonly string[], nodeFlags: readonly string[]): ZygoteKeeper {
  const launch = { modules, freeze: true, ballastMb: 0, nodeFlags, bootTimeoutMs: 30_000, hiddenEnv: [] }
  const reports: BootReport[] = []
  return new ZygoteKeeper(launch, {
    zygoteReady: (_pid, report) => void reports.push(report),
    zygoteDied: () => {},
    forkFailed: () => {},
    zygoteOutput: () => {},
    broken: () => {},
  })
}
