import { WorkhorseError } from '../../errors.ts'
import type { RawProfile } from '../../worker/isolation/profiling.ts'
import { COLD, Comparison, WARM } from '../compare.ts'
import { ProfileMerge } from '../merge.ts'
import { describeEnd, type Trial } from './trial.ts'

export interface ColdAndWarmOptions {
  readonly job: string
  /** In turn; each JSON text of an array. */
  readonly args: readonly string[]
  /** Fresh processes. Default: as many as fit into the budget, 10 to 100. */
  readonly runs?: number
  /** Jobs that a process has run before it counts as warm. Default: as fit into the budget, 3 to 30. */
  readonly warmAfter?: number
  readonly intervalUs: number
  /** Roughly how long measuring may take. Default 20 s. */
  readonly budgetMs?: number
}

export interface ColdAndWarm {
  readonly comparison: Comparison
  readonly warmAfter: number
  readonly startedAt: number
  readonly durationMs: number
  readonly lost: number
  /** Executions that did not finish, and why the first of them did not. */
  readonly failed: number
  readonly failure: string | undefined
}

const WARM_PROCESSES = 2
/** Of the median: what costs more is not what a used process usually does. */
const SPIKE = 3
const SPIKE_MS = 1

/**
 * Runs the same job in fresh processes and in used ones, and keeps both apart. Cold and warm runs alternate, so that
 * whatever else the machine does meanwhile hits both.
 * @throws WorkhorseError where the job does not run, or not twice in one process
 */
export async function measureColdAndWarm(trial: Trial, options: ColdAndWarmOptions): Promise<ColdAndWarm> {
  const { job, args } = options
  const merge = new ProfileMerge({ sides: 2 })
  const request = { kind: 'cpu', interval: options.intervalUs } as const
  const startedAt = Date.now()
  const plan = makePlan(options, await timeOf(trial, { name: job, args: args[0] as string }))
  let lost = 0
  let failed = 0
  let failure: string | undefined
  const half = Math.ceil(plan.runs / WARM_PROCESSES)
  for (let part = 0; part < WARM_PROCESSES; part++) {
    const count = Math.min(half, plan.runs - part * half)
    await trial.runMany(
      count,
      1,
      (index) => ({ name: job, args: args[index % args.length] as string }),
      request,
      (run) => {
        const reason = describeEnd(run)
        if (reason !== undefined) failed++
        failure ??= reason
        if (run.raw) merge.addText(run.raw, COLD)
        else lost++
      },
    )
    if (failed === count) {
      throw new WorkhorseError(
        'WORKHORSE_TRIAL_FAILED',
        `no execution of ${job} finished, so there is nothing to compare: ${failure}`,
      )
    }
    const warm = { discard: plan.warmAfter, measure: plan.measure, args }
    const run = await trial.run({ name: job, args: args[0] as string }, { ...request, warm })
    const reason = describeEnd(run)
    if (reason !== undefined || run.raw === undefined) {
      const why = reason ?? 'its process ended without handing over what it measured'
      throw new WorkhorseError(
        'WORKHORSE_TRIAL_FAILED',
        `${job} cannot be run several times in one process, so there is nothing to compare with: ${why}`,
      )
    }
    merge.add(withoutOptimising(JSON.parse(run.raw.toString()) as RawProfile), WARM)
  }
  const durationMs = Date.now() - startedAt
  return { comparison: new Comparison(merge), warmAfter: plan.warmAfter, startedAt, durationMs, lost, failed, failure }
}

/**
 * At some point V8 optimises what has run often, in the midst of an execution, and that can take longer than many
 * executions: no used process does it in each of its jobs.
 */
function withoutOptimising(raw: RawProfile): RawProfile {
  const costs = raw.executions.map((marks) => ((marks.at(-1)?.cpu ?? 0) - (marks[0]?.cpu ?? 0)) / 1000)
  const median = costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? 0
  const most = median * SPIKE + SPIKE_MS
  return { ...raw, executions: raw.executions.filter((_, index) => (costs[index] as number) <= most) }
}

interface Plan {
  readonly runs: number
  readonly warmAfter: number
  readonly measure: number
}

/** Starting the sampler, forking, and whatever else comes on top of a job. */
const OVERHEAD_MS = 120

function makePlan({ runs, warmAfter, budgetMs = 20_000 }: ColdAndWarmOptions, jobMs: number): Plan {
  const cold = runs ?? within((budgetMs * 0.6) / (jobMs + OVERHEAD_MS), 10, 100)
  const each = (budgetMs * 0.4) / WARM_PROCESSES / jobMs
  return { runs: cold, warmAfter: warmAfter ?? within(each * 0.5, 3, 30), measure: within(each * 0.5, 3, 30) }
}

function within(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)))
}

/** Wall time of one execution. It also brings the files that the job reads into the kernel's cache. */
async function timeOf(trial: Trial, job: { name: string; args: string }): Promise<number> {
  const run = await trial.run(job)
  const reason = describeEnd(run)
  if (reason !== undefined) {
    throw new WorkhorseError('WORKHORSE_TRIAL_FAILED', `${job.name} does not finish with ${job.args}: ${reason}`)
  }
  return Math.max(1, run.end.bill?.wallMs ?? 1)
}
