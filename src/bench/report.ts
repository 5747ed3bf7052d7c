import type { BenchResult } from './bench.ts'

/** The figures of a benchmark for people, with machine and method beside them. */
export function formatBench(result: BenchResult): string {
  const { startLatencyMs: start, forkMs: fork, cpuMsPerJobByProcess: cpu, machine } = result
  const shares = Object.entries(cpu).map(([name, ms]) => `${name} ${ms}`)
  const rows: [string, string][] = [
    ['throughput', `${Math.round(result.jobsPerSecond)} jobs/s (${result.jobs} jobs, ${result.concurrency} at a time)`],
    ['enqueue', `${Math.round(result.enqueuesPerSecond)} jobs/s, one at a time`],
    ['enqueue → handler, idle', `p50 ${start.p50} ms, p99 ${start.p99} ms`],
    ...(fork ? [['fork(2)', `p50 ${fork.p50} ms, p99 ${fork.p99} ms`] as [string, string]] : []),
    ['CPU per job', `${result.cpuMsPerJob} ms (${shares.join(', ')})`],
    ...(result.minorFaultsPerJob === undefined
      ? []
      : [['page faults per job', `${result.minorFaultsPerJob} minor`] as [string, string]]),
    ...(result.standbyPrivateMb === undefined
      ? []
      : [['standby horse', `${result.standbyPrivateMb.toFixed(1)} MB private`] as [string, string]]),
    ...(result.bareForkMs === undefined
      ? []
      : [['bare fork, same run', bareFork(result, result.bareForkMs)] as [string, string]]),
    ['stolen by the host', `${(result.stolenShare * 100).toFixed(1)} % of the machine's time`],
    ['boot', `${Math.round(result.bootMs)} ms, not counted above`],
    ...(result.failed > 0 ? [['FAILED', `${result.failed} jobs`] as [string, string]] : []),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const heap = result.heapMb > 0 ? `, zygote with ${result.heapMb} MB of live heap` : ''
  return [
    `${result.scenario}, ${result.isolation} mode, ${result.broker}${heap}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    `  ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, ${machine.date}`,
    '  Method: all jobs enqueued first, then a booted worker empties the queue; CPU of horses by wait4(2), of the',
    '  zygote by /proc, of the supervisor by getrusage(2); start latency measured by a producer in another process.',
  ].join('\n')
}

/** Puts the throughput beside the least that a process per job can cost on this machine. */
function bareFork(result: BenchResult, bareForkMs: number): string {
  const share = (result.jobsPerSecond * bareForkMs) / 1000
  return `${bareForkMs} ms to fork, exit and wait for an empty Node; ${share.toFixed(2)} jobs in the time of one`
}
