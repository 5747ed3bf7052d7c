import { WorkhorseError } from '../../errors.ts'
import type { RawProfile } from '../../worker/isolation/profiling.ts'
import { COLD, Comparison, perJob, WARM } from '../compare.ts'
import { ProfileMerge } from '../merge.ts'
import { describeEnd, type Trial, type TrialRun } from './trial.ts'

export interface ColdAndWarmOptions {
  readonly job: string
  /** In turn; each JSON text of an array. */
  readonly args: readonly string[]
  /** Fresh processes. Default: until their mean is known well enough or the budget is spent, 10 to 100. */
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

/** Of the median: what costs more is not what a used process usually does. */
const SPIKE = 3
const SPIKE_MS = 1
/** Fresh processes between two looks at the clock. */
const BATCH = 5
const LEAST_RUNS = 10
const MOST_RUNS = 100
/** Standard error of the mean, as a share of it, at which measuring on would tell nobody more. */
const PRECISE = 0.04

/**
 * Runs the same job in fresh processes and in used ones, and keeps both apart. Cold and warm runs alternate, so that
 * whatever else the machine does meanwhile hits both. On a quiet machine a few runs are enough; on a busy one it takes more.
 * @throws WorkhorseError where the job does not run, or not twice in one process
 */
export async function measureColdAndWarm(trial: Trial, options: ColdAndWarmOptions): Promise<ColdAndWarm> {
  const startedAt = Date.now()
  const firstMs = await timeOf(trial, { name: options.job, args: options.args[0] as string })
  const measuring = new Measuring(trial, options, makePlan(options, firstMs))
  await measuring.cold()
  await measuring.warm()
  while (!measuring.isEnough()) await measuring.cold()
  await measuring.warm()
  return { ...measuring.result(), startedAt, durationMs: Date.now() - startedAt }
}

class Measuring {
  readonly #trial: Trial
  readonly #options: ColdAndWarmOptions
  readonly #plan: Plan
  readonly #merge = new ProfileMerge({ sides: 2 })
  readonly #deadline: number
  #runs = 0
  #lost = 0
  #failed = 0
  #failure: string | undefined

  constructor(trial: Trial, options: ColdAndWarmOptions, plan: Plan) {
    this.#trial = trial
    this.#options = options
    this.#plan = plan
    this.#deadline = performance.now() + plan.coldMs
  }

  get #request(): { readonly kind: 'cpu'; readonly interval: number } {
    return { kind: 'cpu', interval: this.#options.intervalUs }
  }

  /** Some more fresh processes. */
  async cold(): Promise<void> {
    const { job, args } = this.#options
    const count = Math.min(BATCH, this.#plan.most - this.#runs)
    const jobOf = (index: number) => ({ name: job, args: args[(this.#runs + index) % args.length] as string })
    await this.#trial.runMany(count, 1, jobOf, this.#request, (run) => this.#take(run))
    this.#runs += count
    if (this.#failed < this.#runs) return
    throw new WorkhorseError(
      'WORKHORSE_TRIAL_FAILED',
      `no execution of ${job} finished, so there is nothing to compare: ${this.#failure}`,
    )
  }

  #take(run: TrialRun): void {
    const reason = describeEnd(run)
    if (reason !== undefined) this.#failed++
    this.#failure ??= reason
    if (run.raw) this.#merge.addText(run.raw, COLD)
    else this.#lost++
  }

  /** A process of its own, used again and again. */
  async warm(): Promise<void> {
    const { job, args } = this.#options
    const warm = { discard: this.#plan.warmAfter, measure: this.#plan.measure, args }
    const run = await this.#trial.run({ name: job, args: args[0] as string }, { ...this.#request, warm })
    const reason = describeEnd(run)
    if (reason !== undefined || run.raw === undefined) {
      const why = reason ?? 'its process ended without handing over what it measured'
      throw new WorkhorseError(
        'WORKHORSE_TRIAL_FAILED',
        `${job} cannot be run several times in one process, so there is nothing to compare with: ${why}`,
      )
    }
    this.#merge.add(withoutOptimising(JSON.parse(run.raw.toString()) as RawProfile), WARM)
  }

  isEnough(): boolean {
    if (this.#runs >= this.#plan.most) return true
    if (this.#options.runs !== undefined || this.#runs < LEAST_RUNS) return false
    return performance.now() > this.#deadline || this.#error() < PRECISE
  }

  /** How far the mean of the fresh processes may be off, as a share of it. */
  #error(): number {
    const { ms, variance } = perJob(this.#merge.trie.figures(0, COLD), this.#runs, 1)
    return ms > 0 ? Math.sqrt(variance) / ms : 0
  }

  result(): Omit<ColdAndWarm, 'startedAt' | 'durationMs'> {
    const comparison = new Comparison(this.#merge)
    const [lost, failed, failure] = [this.#lost, this.#failed, this.#failure]
    return { comparison, warmAfter: this.#plan.warmAfter, lost, failed, failure }
  }
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
  readonly most: number
  /** How long fresh processes may be measured. */
  readonly coldMs: number
  readonly warmAfter: number
  readonly measure: number
}

const WARM_PROCESSES = 2

function makePlan({ runs, warmAfter, budgetMs = 20_000 }: ColdAndWarmOptions, jobMs: number): Plan {
  const each = (budgetMs * 0.4) / WARM_PROCESSES / jobMs
  return {
    most: runs ?? MOST_RUNS,
    coldMs: budgetMs * 0.6,
    warmAfter: warmAfter ?? within(each * 0.5, 3, 30),
    measure: within(each * 0.5, 3, 30),
  }
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
