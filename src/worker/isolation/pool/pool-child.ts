import { type CurrentJob, createCurrentJob, type JobIdentity, runInJob, setOnlyJob } from '../../../job/context.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import type { JobFailure } from '../../../job/failure.ts'
import { setGatewayProvider } from '../../../job/gateway-provider.ts'
import { runHooks } from '../../../job/hooks.ts'
import { listJobs } from '../../../job/registry.ts'
import { listSchedules } from '../../../scheduler/declarations.ts'
import { ShortMap } from '../../../support/short-map.ts'
import { toMicroseconds } from '../../../support/to-microseconds.ts'
import { type ExecutionResult, executeJob } from '../../execute-job.ts'
import type { ExitGuarded } from '../fork/exit-guards.ts'
import type { Frame } from '../fork/frames.ts'
import type { PoolRole } from '../fork/messages.ts'
import { LOOP_EMPTY } from '../loop-empty.ts'
import { ChildChannel } from './child-channel.ts'
import type { ChildMeasuring } from './child-measuring.ts'
import { type ChildRun, runsOf } from './child-run.ts'
import type { ChildSystem } from './child-system.ts'
import { ChildTitle } from './child-title.ts'
import type { PoolCommand, RunOrder, StartStage } from './messages.ts'
import { PrintedFiles } from './printed-files.ts'
import { SharedOutput } from './shared-output.ts'
import { usageNumbers } from './usage-numbers.ts'

/**
 * The life of a pool child: run `afterFork` hooks, say that it is ready, run job after job as they come, and, told to
 * retire, run `beforeExit` hooks and leave. It ends early, and says which job did it, where a job ends the process
 * (`process.exit`), or leaves it in a state that nobody can answer for (an error that nobody caught).
 *
 * One job at a time is the rule; with `perChild` > 1 jobs share the process as inline jobs share the worker.
 */
export class PoolChild implements ExitGuarded {
  readonly #system: ChildSystem
  readonly #channel: ChildChannel
  readonly #alone: boolean
  readonly #output: SharedOutput | undefined
  readonly #running = new ShortMap<number, ChildRun>()
  /** Given while another ran. */
  readonly #ahead: ChildRun[] = []
  readonly #printed: PrintedFiles
  readonly #title = new ChildTitle()
  #dying = false
  /** Where an execution was ever to be measured. */
  #measuring: ChildMeasuring | undefined

  constructor(system: ChildSystem, descriptor: number, role: PoolRole) {
    this.#system = system
    this.#alone = role.perChild === 1
    this.#printed = new PrintedFiles(system.fileSize)
    this.#channel = new ChildChannel((events) => system.openWire(descriptor, events), {
      command: (frame) => this.#obey(frame),
      ended: () => system.exit(0),
    })
    if (!this.#alone) {
      this.#output = new SharedOutput((execution, stream, text) =>
        this.#channel.send({ type: 'output', execution, stream }, text),
      )
    }
    setGatewayProvider(() => this.#channel.gateway)
  }

  /** Ready for jobs when its `afterFork` hooks are done. */
  begin(): void {
    if (!this.#system.hasHooks('afterFork')) return this.#ready()
    void runHooks('afterFork').then(
      () => this.#ready(),
      (thrown) => this.startFailed('afterFork', thrown),
    )
  }

  #ready(): void {
    this.#title.idle()
    const jobs = listJobs().map(({ name }) => name)
    this.#channel.send({ type: 'ready', usage: usageNumbers(), jobs, schedules: listSchedules() })
  }

  startFailed(stage: StartStage, thrown: unknown): void {
    this.#dying = true
    this.#channel.send({ type: 'start-failed', stage }, JSON.stringify(describeThrown(thrown, 'after-fork')))
    this.#system.exit(1)
  }

  #obey({ header, body }: Frame<PoolCommand>): void {
    switch (header.type) {
      case 'run':
        return this.#take(runsOf(header.round, header.jobs, body.toString()))
      case 'hand-over':
        return this.#measuring?.handOver()
      case 'abort':
        return this.#find(header.execution)?.abort.abort(header.reason)
      case 'retire':
        return void this.#retire()
    }
  }

  #find(execution: number): ChildRun | undefined {
    return this.#running.get(execution) ?? this.#ahead.find((run) => run.execution === execution)
  }

  #take(runs: readonly ChildRun[]): void {
    for (const run of runs) {
      if (this.#alone && (this.#running.size > 0 || this.#ahead.length > 0)) this.#ahead.push(run)
      else if (run.mayBegin(this.#system.begins)) this.#begin(run, false)
    }
  }

  #beginNext(): void {
    if (this.#running.size > 0 || this.#dying) return
    for (let run = this.#ahead.shift(); run !== undefined; run = this.#ahead.shift()) {
      if (run.mayBegin(this.#system.begins)) return this.#begin(run, true)
    }
    this.#title.idle()
  }

  /** @param follows nothing happened since the last one ended */
  #begin(run: ChildRun, follows: boolean): void {
    const { execution, order, args } = run
    const { job, limits, alone, profile } = order
    run.begunAt = performance.now()
    run.lift = limits && this.#system.takeLimits?.(limits)
    if (this.#alone) this.#printed.begin()
    if ((this.#alone || alone) && !follows) run.before = usageNumbers()
    this.#running.set(execution, run)
    this.#title.busy(job, this.#running.size - 1)
    if (profile) void this.#measure(run, job, args, profile)
    else void this.#execute(run, job, args)
    // A job that does not settle within its first turn needs the event loop, and that may run empty.
    setImmediate(() => this.#watchLoop(execution))
  }

  #watchLoop(execution: number): void {
    if (!this.#running.has(execution)) return
    this.#system.onLoopEmpty(this.#channel, () => {
      if (this.#running.size > 0) this.die(LOOP_EMPTY, undefined)
    })
  }

  async #execute(run: ChildRun, job: JobIdentity, args: string): Promise<void> {
    const enter = this.#alone ? callDirectly : runInJob
    const result = await this.#call(run, job, (current) => executeJob(current, args, enter))
    this.#ended(run, result)
  }

  #call(
    { execution, abort }: ChildRun,
    job: JobIdentity,
    execute: (current: CurrentJob) => Promise<ExecutionResult>,
  ): Promise<ExecutionResult> {
    const current = createCurrentJob(job, abort, {
      update: (change) => this.#channel.send({ type: 'update', execution, ...change }),
      log: (message) => this.#channel.send({ type: 'log', execution, message }),
    })
    if (this.#alone) setOnlyJob(current)
    return this.#output?.enter(execution, () => execute(current)) ?? execute(current)
  }

  async #measure(
    run: ChildRun,
    job: JobIdentity,
    args: string,
    profile: NonNullable<RunOrder['profile']>,
  ): Promise<void> {
    if (this.#measuring === undefined) {
      const module = await import('./child-measuring.ts')
      this.#measuring = new module.ChildMeasuring(this.#system, this.#channel)
    }
    const measuring = this.#measuring
    const profiler = measuring.begin(run.execution, profile)
    const result = await this.#call(run, job, (current) => profiler.execute(current, args))
    measuring.end()
    this.#ended(run, result)
  }

  #ended({ execution, order, begunAt, before, lift }: ChildRun, result: ExecutionResult): void {
    if (this.#dying) return
    lift?.()
    this.#running.delete(execution)
    if (this.#running.size === 0) {
      setOnlyJob(undefined)
      if (this.#ahead.length === 0) this.#title.idle()
    }
    const usage = this.#alone || order.alone ? usageNumbers() : undefined
    const printed = this.#alone ? this.#printed.end() : undefined
    const body = result.type === 'finished' ? result.result : JSON.stringify(result.failure)
    const ms = toMicroseconds(performance.now() - begunAt)
    this.#channel.send({ type: result.type, execution, ms, usage, usageBefore: before, printed }, body)
    // What the job has left behind comes first: the event loop turns once.
    if (this.#ahead.length > 0) setImmediate(() => this.#beginNext())
  }

  async #retire(): Promise<void> {
    this.#title.leaving()
    try {
      await runHooks('beforeExit')
    } catch (thrown) {
      const message = `a beforeExit hook failed: ${describeThrown(thrown, 'error').message}`
      this.#channel.send({ type: 'notice', message })
    }
    this.#dying = true
    this.#system.exit(0)
  }

  /** The whole process ends, because of one job, or of one that cannot be told from the others. */
  die(failure: JobFailure, execution: number | undefined, exitCode = 0): never {
    if (!this.#dying) {
      this.#dying = true
      this.#measuring?.handOver()
      const whose = execution === undefined ? {} : { execution }
      this.#channel.send({ type: 'dying', ...whose }, JSON.stringify(failure))
    }
    return this.#system.exit(exitCode)
  }

  exitCalled(exitCode: number): never {
    if (this.#running.size === 0) return this.#system.exit(exitCode)
    const message = `the job called process.exit(${exitCode}) before it settled`
    return this.die({ kind: 'exit', name: 'ProcessExitError', message, exitCode }, this.#culprit(), exitCode)
  }

  uncaught(thrown: unknown, kind: 'uncaught-exception' | 'unhandled-rejection'): void {
    const failure = describeThrown(thrown, kind)
    if (this.#running.size === 0) {
      // Left behind by a job that has ended already: it cannot change that job's outcome.
      this.#channel.send({ type: 'notice', message: `${kind} between jobs: ${failure.name}: ${failure.message}` })
    }
    this.die(failure, this.#culprit(), 1)
  }

  /** The job that this is called from, where that can be told. */
  #culprit(): number | undefined {
    if (this.#output) return this.#output.current
    return this.#running.keyAt(0)
  }
}

function callDirectly<R>(_current: unknown, call: () => R): R {
  return call()
}
