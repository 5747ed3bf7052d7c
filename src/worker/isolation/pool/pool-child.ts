import {
  type CurrentJob,
  createCurrentJob,
  type JobIdentity,
  LazyAbort,
  runInJob,
  setOnlyJob,
} from '../../../job/context.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import type { JobFailure } from '../../../job/failure.ts'
import { setGatewayProvider } from '../../../job/gateway-provider.ts'
import { runHooks } from '../../../job/hooks.ts'
import type { ProcessUsage } from '../../../job/record.ts'
import { listJobs } from '../../../job/registry.ts'
import { listSchedules } from '../../../scheduler/declarations.ts'
import { ShortMap } from '../../../support/short-map.ts'
import { type ExecutionResult, executeJob } from '../../execute-job.ts'
import type { ExitGuarded } from '../fork/exit-guards.ts'
import type { Frame } from '../fork/frames.ts'
import type { PoolRole } from '../fork/messages.ts'
import { LOOP_EMPTY } from '../loop-empty.ts'
import type { ProfileRequest } from '../profiling.ts'
import { timeOfDay } from '../time-of-day.ts'
import { ChildChannel } from './child-channel.ts'
import type { ChildMeasuring } from './child-measuring.ts'
import { type ChildSystem, processUsage } from './child-system.ts'
import type { PoolCommand, StartStage } from './messages.ts'
import { SharedOutput } from './shared-output.ts'

/** A job that runs in this process. */
interface Run {
  readonly execution: number
  readonly abort: LazyAbort
  /** Only where it has the process for itself. */
  readonly before?: ProcessUsage
  /** Lifts the limits that only this job has. */
  readonly lift?: () => void
}

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
  readonly #running = new ShortMap<number, Run>()
  #dying = false
  /** Where an execution was ever to be measured. */
  #measuring: ChildMeasuring | undefined

  constructor(system: ChildSystem, descriptor: number, role: PoolRole) {
    this.#system = system
    this.#alone = role.perChild === 1
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
    process.title = IDLE_TITLE
    const jobs = listJobs().map(({ name }) => name)
    this.#channel.send({ type: 'ready', usage: processUsage(), jobs, schedules: listSchedules() })
  }

  startFailed(stage: StartStage, thrown: unknown): void {
    this.#dying = true
    this.#channel.send({ type: 'start-failed', stage }, JSON.stringify(describeThrown(thrown, 'after-fork')))
    this.#system.exit(1)
  }

  #obey({ header, body }: Frame<PoolCommand>): void {
    switch (header.type) {
      case 'run':
        return this.#run(header, body.toString())
      case 'hand-over':
        return this.#measuring?.handOver()
      case 'abort':
        return this.#running.get(header.execution)?.abort.abort(header.reason)
      case 'retire':
        return void this.#retire()
    }
  }

  #run({ execution, job, limits, alone, profile }: Extract<PoolCommand, { type: 'run' }>, args: string): void {
    const lift = limits && this.#system.takeLimits?.(limits)
    const run = {
      execution,
      abort: new LazyAbort(),
      ...(this.#alone || alone ? { before: processUsage() } : {}),
      ...(lift === undefined ? {} : { lift }),
    }
    this.#running.set(execution, run)
    process.title = titleOf(job)
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

  async #execute(run: Run, job: JobIdentity, args: string): Promise<void> {
    const enter = this.#alone ? callDirectly : runInJob
    const result = await this.#call(run, job, (current) => executeJob(current, args, enter))
    this.#ended(run, result)
  }

  #call(
    { execution, abort }: Run,
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

  async #measure(run: Run, job: JobIdentity, args: string, profile: ProfileRequest): Promise<void> {
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

  #ended({ execution, before, lift }: Run, result: ExecutionResult): void {
    if (this.#dying) return
    lift?.()
    this.#running.delete(execution)
    if (this.#running.size === 0) setOnlyJob(undefined)
    const usage = before === undefined ? {} : { usage: { before, after: processUsage() } }
    const body = result.type === 'finished' ? result.result : JSON.stringify(result.failure)
    this.#channel.send({ type: result.type, execution, ...usage }, body)
  }

  async #retire(): Promise<void> {
    process.title = 'workhorse: pool child, leaving'
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
    return this.#running.keys()[0]
  }
}

const IDLE_TITLE = 'workhorse: pool child'

/** For `ps`: role, queue, job, and since when, in UTC. An idle child goes on telling its last. */
function titleOf({ queue, name, id }: JobIdentity): string {
  return `workhorse: pool child ${queue} ${name} ${id} since ${timeOfDay()}`
}

function callDirectly<R>(_current: unknown, call: () => R): R {
  return call()
}
