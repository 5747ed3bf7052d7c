import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { WorkhorseError } from '../../errors.ts'
import { waitedCpuMs } from '../process-memory.ts'
import type { BenchPlan } from './result.ts'

/** How the workers of a benchmark are started. */
export interface WorkerCommand {
  /** The command line's main module. */
  readonly main: string
  /** Flags that say which application it is: `--config`, `--jobs-file`. */
  readonly flags: readonly string[]
  readonly queue: string
  readonly broker: string
}

export interface WorkersRun {
  readonly seconds: number
  /** CPU of all their processes, from the kernel's count for those that have been waited for; where it tells. */
  readonly cpuMs: number | undefined
}

/**
 * Lets the plan's workers empty the queue; from their start until the last of them has left.
 * @throws WorkhorseError where they do not come up, or do not leave as they should
 */
export async function runWorkers(plan: BenchPlan, command: WorkerCommand): Promise<WorkersRun> {
  const { workers, concurrency, isolation } = plan
  const verb = workers === 1 ? ['worker'] : ['workers', String(workers)]
  const how = [
    '--burst',
    '--concurrency',
    String(concurrency),
    '--isolation',
    isolation,
    '--log-level',
    'error',
    '--profile-sample',
    '0',
  ]
  const args = [...verb, command.queue, ...how, '--broker', command.broker, ...command.flags]
  const cpuBefore = waitedCpuMs()
  const begun = performance.now()
  const child = spawn(process.execPath, [command.main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2000)
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  const seconds = (performance.now() - begun) / 1000
  if (code !== 0) {
    throw new WorkhorseError(
      'WORKHORSE_BENCH_FAILED',
      `the workers of the benchmark left with ${signal ?? `exit code ${code}`}: ${complaints.trim() || 'without a word'}`,
    )
  }
  const cpuAfter = waitedCpuMs()
  return { seconds, cpuMs: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore }
}
