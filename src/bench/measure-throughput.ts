import type { Broker } from '../broker/broker.ts'
import { createJob } from '../job/create-job.ts'
import type { Bill } from '../job/record.ts'
import { findJob } from '../job/registry.ts'
import type { Worker } from '../worker/create-worker.ts'
import { machineTicks } from './process-memory.ts'
import type { Scenario } from './scenarios.ts'

export interface Throughput {
  readonly seconds: number
  readonly bills: readonly Bill[]
  readonly failed: number
  /** CPU of this process, which is the supervisor. */
  readonly supervisorCpuMs: number
  /** Share of the machine's time that its host gave to others meanwhile, 0 to 1. */
  readonly stolenShare: number
}

/** One at a time, as a web server would: jobs per second that `enqueue` can take. */
export async function enqueueJobs(broker: Broker, scenario: Scenario, jobs: number): Promise<number> {
  const options = findJob(scenario.job)?.options
  if (options === undefined) throw new Error(`[BUG] ${scenario.job} is not defined in the benchmark's process`)
  const begun = performance.now()
  for (let i = 0; i < jobs; i++) {
    await broker.jobEnqueue([createJob(scenario.job, { ...options, queue: 'benchmark' }, scenario.args(i))])
  }
  return jobs / ((performance.now() - begun) / 1000)
}

/** Lets a booted worker in burst mode empty the queue. */
export async function drainQueue(worker: Worker): Promise<Throughput> {
  const bills: Bill[] = []
  worker.supervisor.on('ended', (_job, outcome) => {
    if (outcome.bill) bills.push(outcome.bill)
  })
  const cpuBefore = process.cpuUsage()
  const ticksBefore = machineTicks()
  const begun = performance.now()
  await worker.supervisor.run()
  const seconds = (performance.now() - begun) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  const ticks = machineTicks()
  const stolenShare = (ticks.stolen - ticksBefore.stolen) / Math.max(1, ticks.all - ticksBefore.all)
  const { failed } = worker.supervisor.counts
  return { seconds, bills, failed, supervisorCpuMs: (cpu.user + cpu.system) / 1000, stolenShare }
}
