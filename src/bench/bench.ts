import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker } from '../broker/broker.ts'
import { connectBroker } from '../broker/connect.ts'
import { loadModules } from '../job/load-modules.ts'
import { createLogger } from '../support/logger.ts'
import { createWorker, type Worker } from '../worker/create-worker.ts'
import { ForkIsolation } from '../worker/isolation/fork/fork-isolation.ts'
import type { IsolationMode } from '../worker/isolation/isolation.ts'
import { describeMachine, type Machine } from './machine.ts'
import { measureBareFork, measureStartLatency } from './measure-latency.ts'
import { drainQueue, enqueueJobs, type Throughput } from './measure-throughput.ts'
import { cpuMs, privateBytes } from './process-memory.ts'
import { findScenario, OWN_JOBS, type Scenario, type ScenarioName } from './scenarios.ts'
import { mean, rounded, type Spread, spread } from './statistics.ts'

export interface BenchOptions {
  readonly scenario: ScenarioName
  readonly isolation: IsolationMode
  readonly jobs: number
  readonly concurrency: number
  readonly standby?: number | 'auto'
  /** Live heap in the zygote, as a large application would have. */
  readonly heapMb: number
  /** A broker to measure; without it, an SQLite file in a folder of the benchmark's own. */
  readonly broker?: string
  readonly latencySamples: number
}

export interface BenchResult {
  readonly scenario: string
  readonly isolation: IsolationMode
  readonly broker: string
  readonly jobs: number
  readonly failed: number
  readonly concurrency: number
  readonly heapMb: number
  readonly jobsPerSecond: number
  readonly enqueuesPerSecond: number
  /** From `enqueue` in another process until the handler is entered, worker idle. */
  readonly startLatencyMs: Spread
  /** fork(2) alone; absent where jobs have no process of their own. */
  readonly forkMs?: Spread
  /** Of all processes: horses, supervisor, zygote. */
  readonly cpuMsPerJob: number
  readonly cpuMsPerJobByProcess: { readonly horse?: number; readonly zygote?: number; readonly supervisor: number }
  readonly minorFaultsPerJob?: number
  /** Fork, exit and wait of an empty Node in the same run, one after another: what this machine is good for today. */
  readonly bareForkMs?: number
  /** Share of the machine's time that its host gave to others during the run, 0 to 1. */
  readonly stolenShare: number
  /** From nothing to ready; not part of jobsPerSecond. */
  readonly bootMs: number
  readonly standbyPrivateMb?: number
  readonly machine: Machine
}

/** Runs a whole worker on a scenario, with this process as its supervisor. */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'workhorse-bench-'))
  const scenario = await findScenario(options.scenario)
  const url = options.broker ?? `sqlite:${join(folder, 'bench.db')}`
  const broker = await connectBroker(url)
  try {
    await scenario.prepare(folder)
    await loadModules(scenario.modules)
    const enqueuesPerSecond = await enqueueJobs(broker, scenario, options.jobs)
    const throughput = await measureThroughput(options, scenario, broker)
    const latencies = await measureLatency(options, broker, url)
    const bareForkMs = options.isolation === 'fork' ? await measureBareFork() : undefined
    return report(options, broker.url, enqueuesPerSecond, throughput, latencies, bareForkMs)
  } finally {
    await broker.close()
    await rm(folder, { recursive: true, force: true })
  }
}

interface MeasuredThroughput extends Throughput {
  readonly bootMs: number
  readonly zygoteCpuMs?: number
  readonly standbyPrivateBytes?: number
}

async function measureThroughput(
  options: BenchOptions,
  scenario: Scenario,
  broker: Broker,
): Promise<MeasuredThroughput> {
  const worker = benchWorker(options, scenario.modules, broker, true)
  const begun = performance.now()
  await worker.isolation.start()
  const bootMs = performance.now() - begun
  try {
    const { isolation } = worker
    if (!(isolation instanceof ForkIsolation)) return { ...(await drainQueue(worker)), bootMs }
    const zygote = isolation.zygotePid
    const cpuBefore = cpuMs(zygote)
    const throughput = await drainQueue(worker)
    const zygoteCpuMs = cpuMs(zygote) - cpuBefore
    const standby = (await isolation.standbyPids()).map(privateBytes)
    return { ...throughput, bootMs, zygoteCpuMs, ...(standby.length > 0 ? { standbyPrivateBytes: mean(standby) } : {}) }
  } finally {
    await worker.isolation.close()
  }
}

/** A worker of its own, that stays: the first has left when its queue was empty. */
async function measureLatency(options: BenchOptions, broker: Broker, url: string): Promise<number[]> {
  const worker = benchWorker({ ...options, heapMb: 0 }, [OWN_JOBS], broker, false)
  const running = worker.run()
  const latencies = await Promise.race([measureStartLatency(url, options.latencySamples), running.then(() => [])])
  worker.supervisor.stop()
  await running
  return latencies
}

function benchWorker(options: BenchOptions, modules: readonly string[], broker: Broker, burst: boolean): Worker {
  return createWorker({
    broker,
    modules,
    isolation: options.isolation,
    concurrency: options.concurrency,
    queues: [burst ? 'benchmark' : 'default'],
    burst,
    logger: createLogger('warn'),
    ballastMb: options.heapMb,
    ...(options.standby === undefined ? {} : { standby: options.standby }),
    ...(options.heapMb > 0 ? { nodeFlags: [`--max-old-space-size=${options.heapMb * 4 + 512}`] } : {}),
  })
}

function report(
  options: BenchOptions,
  broker: string,
  enqueuesPerSecond: number,
  throughput: MeasuredThroughput,
  latencies: readonly number[],
  bareForkMs: number | undefined,
): BenchResult {
  const { bills, seconds, failed, bootMs, supervisorCpuMs, zygoteCpuMs, standbyPrivateBytes } = throughput
  const usages = bills.flatMap(({ usage }) => (usage ? [usage] : []))
  const forks = bills.flatMap(({ forkMs }) => (forkMs === undefined ? [] : [forkMs]))
  const horse = usages.length > 0 ? mean(usages.map((usage) => usage.cpuUserMs + usage.cpuSystemMs)) : undefined
  const supervisor = supervisorCpuMs / options.jobs
  const zygote = zygoteCpuMs === undefined ? undefined : zygoteCpuMs / options.jobs
  return {
    scenario: options.scenario,
    isolation: options.isolation,
    broker,
    jobs: options.jobs,
    failed,
    concurrency: options.concurrency,
    heapMb: options.heapMb,
    jobsPerSecond: rounded(options.jobs / seconds),
    enqueuesPerSecond: rounded(enqueuesPerSecond),
    startLatencyMs: spread(latencies),
    ...(forks.length > 0 ? { forkMs: spread(forks) } : {}),
    cpuMsPerJob: rounded((horse ?? 0) + (zygote ?? 0) + supervisor),
    cpuMsPerJobByProcess: {
      ...(horse === undefined ? {} : { horse: rounded(horse) }),
      ...(zygote === undefined ? {} : { zygote: rounded(zygote) }),
      supervisor: rounded(supervisor),
    },
    ...(usages.length > 0 ? { minorFaultsPerJob: Math.round(mean(usages.map((usage) => usage.minorFaults))) } : {}),
    ...(bareForkMs === undefined ? {} : { bareForkMs: rounded(bareForkMs) }),
    stolenShare: rounded(throughput.stolenShare),
    bootMs: rounded(bootMs),
    ...(standbyPrivateBytes === undefined ? {} : { standbyPrivateMb: rounded(standbyPrivateBytes / 1024 ** 2) }),
    machine: describeMachine(),
  }
}
