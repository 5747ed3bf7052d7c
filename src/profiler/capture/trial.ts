import { randomUUID } from 'node:crypto'
import { UsageError, WorkhorseError } from '../../errors.ts'
import type { JobFailure } from '../../job/failure.ts'
import type { JobGateway } from '../../job/gateway.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { nearest } from '../../support/did-you-mean.ts'
import { ForkIsolation } from '../../worker/isolation/fork/fork-isolation.ts'
import type { BootReport } from '../../worker/isolation/fork/messages.ts'
import type { ExecutionEnd, ExecutionObserver } from '../../worker/isolation/isolation.ts'
import type { ProfileRequest } from '../../worker/isolation/profiling.ts'

export interface TrialOptions {
  /** Absolute paths of the job modules. */
  readonly modules: readonly string[]
  readonly nodeFlags?: readonly string[]
  /** Default 60 s. */
  readonly bootTimeoutMs?: number
  readonly freeze?: boolean
  /** Environment variables that the jobs do not see. Default `['WORKHORSE_BROKER']`. */
  readonly hiddenEnv?: readonly string[]
  /** Its executions are to be witnessed, not timed. */
  readonly witness?: boolean
  /** After this long an execution is killed; what it has measured until then counts. Default 180 s, as of a job. */
  readonly timeoutMs?: number
}

/** One execution to be run: a job's name, and its arguments as JSON text of an array. */
export interface TrialJob {
  readonly name: string
  readonly args: string
}

export interface TrialRun {
  readonly end: ExecutionEnd
  /** JSON text of a RawProfile, where one was asked for and arrived. */
  readonly raw: Buffer | undefined
  /** The last of what the job has printed. */
  readonly output: string
}

const OUTPUT_TAIL = 2000

/**
 * Runs jobs as a worker would, each in a horse of a zygote of its own, but without queue and broker: for measuring.
 * The jobs are the real ones and do what they do. What they enqueue is counted and not stored.
 */
export class Trial {
  readonly #isolation: ForkIsolation
  readonly #timeoutMs: number
  #report: BootReport | undefined
  #broken: Error | undefined
  /** Jobs that the executions wanted to enqueue. */
  enqueued = 0

  private constructor(options: TrialOptions) {
    this.#timeoutMs = options.timeoutMs ?? 180_000
    this.#isolation = new ForkIsolation(
      {
        modules: options.modules,
        nodeFlags: options.nodeFlags ?? [],
        bootTimeoutMs: options.bootTimeoutMs ?? 60_000,
        freeze: options.freeze ?? true,
        witness: options.witness ?? false,
        sampler: options.witness !== true,
        hiddenEnv: options.hiddenEnv ?? ['WORKHORSE_BROKER'],
        ballastMb: 0,
        exitGraceMs: 5000,
        standby: 0,
      },
      {
        zygoteReady: (_pid, report) => {
          this.#report = report
        },
        zygoteDied: () => {},
        forkFailed: () => {},
        zygoteOutput: () => {},
        broken: (error) => {
          this.#broken = error
        },
      },
    )
  }

  /** Boots the zygote. @throws ZygoteBootError, @throws ForkUnavailableError */
  static async open(options: TrialOptions): Promise<Trial> {
    const trial = new Trial(options)
    try {
      await trial.#isolation.start()
    } catch (error) {
      await trial.close()
      throw error
    }
    return trial
  }

  get report(): BootReport {
    if (this.#report === undefined) throw new Error('[BUG] a trial without a zygote')
    return this.#report
  }

  /** @throws UsageError with the nearest name */
  assertDefined(name: string): void {
    const names = this.report.jobs.filter((job) => !job.startsWith('workhorse.'))
    if (names.includes(name)) return
    const near = nearest(name, names)
    const hint = near ? `; did you mean '${near}'?` : names.length > 0 ? `. Defined are ${names.join(', ')}` : ''
    throw new UsageError(`job '${name}' is not defined${hint}`)
  }

  /** One execution, in a horse of its own. */
  run(job: TrialJob, request?: ProfileRequest): Promise<TrialRun> {
    let output = ''
    const observer: ExecutionObserver = {
      gateway: this.#gateway,
      output: (_stream, text) => {
        output = (output + text).slice(-OUTPUT_TAIL)
      },
      log: () => {},
      update: () => {},
    }
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken)
      let raw: Buffer | undefined
      this.#isolation.profiler = request && {
        request: () => request,
        collected: (_job, body) => {
          raw = body
        },
      }
      const running = this.#isolation.run(claimed(job), observer)
      this.#isolation.profiler = undefined
      const timer = setTimeout(() => running.kill(), this.#timeoutMs)
      void running.ended.then((end) => {
        clearTimeout(timer)
        resolve({ end, raw, output })
      })
    })
  }

  /** @param each called with each run, in the order in which they end */
  async runMany(
    count: number,
    concurrency: number,
    job: (index: number) => TrialJob,
    request: ProfileRequest | undefined,
    each: (run: TrialRun, index: number) => void,
  ): Promise<void> {
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < count) {
        const index = next++
        each(await this.run(job(index), request), index)
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane))
  }

  close(): Promise<void> {
    return this.#isolation.close()
  }

  get #gateway(): JobGateway {
    return {
      enqueue: async (jobs) => {
        this.enqueued += jobs.length
        return { duplicates: [] }
      },
      fetch: async () => undefined,
      wait: refuse,
      cancel: refuse,
      stop: refuse,
      requeue: refuse,
      delete: refuse,
      results: refuse,
      groupFetch: async () => [],
      groupDelete: async () => {},
    }
  }
}

async function refuse(id: string): Promise<never> {
  throw new WorkhorseError(
    'WORKHORSE_NO_BROKER',
    `this is a trial run, which stores nothing: there is no job ${id} to wait for or to change`,
  )
}

function claimed({ name, args }: TrialJob): ClaimedJob {
  const now = Date.now()
  return {
    id: `trial-${randomUUID()}`,
    name,
    queue: 'trial',
    args,
    executionId: randomUUID(),
    attempt: 1,
    timeoutMs: -1,
    createdAt: now,
    enqueuedAt: now,
    startedAt: now,
  }
}

/** Why an execution did not finish, as one line; undefined where it did. */
export function describeEnd({ end, output }: TrialRun): string | undefined {
  if (end.type === 'finished') return undefined
  if (end.type === 'failed') return `${describeFailure(end.failure)}`
  if (end.type === 'killed') return 'it reached its time limit and was killed'
  return `it could not be started: ${end.reason}${output ? `\n${output}` : ''}`
}

function describeFailure({ name, message }: JobFailure): string {
  return `${name}: ${message}`
}
