import type { ExecutionOutcome } from '../../broker/broker.ts'
import type { JobGateway } from '../../job/gateway.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { ShortMap } from '../../support/short-map.ts'
import type { ExecutionObserver, Isolation } from '../isolation/isolation.ts'
import { withAftermath } from './aftermath.ts'
import { Execution } from './execution.ts'
import { LimitWatch, needsOwnProcess, needsWatch } from './limit-watch.ts'
import { OutputLines } from './output-lines.ts'

export interface ExecutionsEvents {
  output(job: ClaimedJob, stream: 'stdout' | 'stderr', line: string): void
  log(job: ClaimedJob, message: string): void
  /** It has limits that cannot be kept where it runs. */
  unlimited(job: ClaimedJob): void
  update(job: ClaimedJob, change: { readonly meta?: string; readonly progress?: number }): void
  /** Without an outcome the job is somebody else's by now. All that it printed was told before. */
  ended(job: ClaimedJob, outcome: ExecutionOutcome | undefined): void
}

/** What a supervisor runs now. */
export class Executions {
  readonly #isolation: Isolation
  readonly #gateway: JobGateway
  readonly #graceMs: number
  readonly #events: ExecutionsEvents
  /** By execution id, oldest first. */
  readonly #running = new ShortMap<string, Execution>()
  readonly #limits = new LimitWatch()
  #interrupted = false

  constructor(isolation: Isolation, gateway: JobGateway, graceMs: number, events: ExecutionsEvents) {
    this.#isolation = isolation
    this.#gateway = gateway
    this.#graceMs = graceMs
    this.#events = events
  }

  get size(): number {
    return this.#running.size
  }

  list(): readonly Execution[] {
    return this.#running.values()
  }

  find(executionId: string): Execution | undefined {
    return this.#running.get(executionId)
  }

  findJob(jobId: string): Execution | undefined {
    return this.list().find(({ job }) => job.id === jobId)
  }

  start(job: ClaimedJob): void {
    // Most jobs print nothing.
    const lines: { stdout?: OutputLines; stderr?: OutputLines } = {}
    // As the job has last set it; inline it may do so before its execution is even made.
    let { meta } = job
    let execution: Execution | undefined
    const observer: ExecutionObserver = {
      gateway: this.#gateway,
      output: (stream, text) => {
        lines[stream] ??= new OutputLines((line) => this.#events.output(job, stream, line))
        lines[stream].push(text)
      },
      begun: () => execution?.begin(),
      log: (message) => this.#events.log(job, message),
      update: (change) => {
        if (change.meta !== undefined) meta = change.meta
        this.#events.update(job, change)
      },
    }
    const started = new Execution(job, this.#isolation, observer, this.#graceMs)
    execution = started
    this.#running.set(job.executionId, started)
    this.#watch(started)
    // Claimed in the same instant in which all were interrupted.
    if (this.#interrupted) started.interrupt()
    void started.outcome.then((outcome) => {
      lines.stdout?.end()
      lines.stderr?.end()
      this.#running.delete(job.executionId)
      this.#limits.remove(started)
      this.#events.ended(job, outcome && withAftermath(withMeta(job, meta), outcome))
    })
  }

  #watch(execution: Execution): void {
    const { limits } = execution.job
    if (!execution.isMeasurable) {
      if (needsOwnProcess(limits)) this.#events.unlimited(execution.job)
    } else if (needsWatch(limits)) this.#limits.add(execution)
  }

  /** Kill everything and hand it back, also what is started from now on. */
  interrupt(): void {
    this.#interrupted = true
    // The youngest first: each goes to the front of its queue, and the oldest should stand there in the end.
    for (const execution of this.list().toReversed()) execution.interrupt()
  }
}

function withMeta(job: ClaimedJob, meta: string | undefined): ClaimedJob {
  return meta === undefined ? job : { ...job, meta }
}
