import { createCurrentJob, LazyAbort, setOnlyJob } from '../../../job/context.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import type { JobFailure } from '../../../job/failure.ts'
import { setGatewayProvider } from '../../../job/gateway-provider.ts'
import { runHooks } from '../../../job/hooks.ts'
import { executeJob } from '../../execute-job.ts'
import { LOOP_EMPTY } from '../loop-empty.ts'
import type { ProfileRequest } from '../profiling.ts'
import { HorseChannel, type Received } from './horse-channel.ts'
import { takeLimits } from './horse-limits.ts'
import { withProfiler } from './horse-profiler.ts'
import type { HorseSystem } from './horse-system.ts'
import type { HorseCommand } from './messages.ts'

type RunHeader = Extract<HorseCommand, { type: 'run' }>

/** What a horse inherits. */
export interface Inheritance {
  /** Its own: channel, standard output, standard error. */
  readonly descriptors: readonly number[]
  /** The zygote's, which it must not keep. */
  readonly zygoteDescriptors: readonly number[]
  readonly zygotePid: number
  /** It is to be measured, from its first instruction. */
  readonly profile?: ProfileRequest
}

/** The first code that a fresh process runs: rehearsed, too. */
export function inherit(
  descriptors: readonly number[],
  zygoteDescriptors: readonly number[],
  zygotePid: number,
): Inheritance {
  return { descriptors, zygoteDescriptors, zygotePid }
}

/** Makes a horse of this process, which is a fresh copy of the zygote. Returns when the event loop is to go on. */
export function becomeHorse(system: HorseSystem, inheritance: Inheritance, announce: (horse: Horse) => void): Horse {
  const channel = new HorseChannel(system, inheritance.descriptors[0] as number)
  const { profile } = inheritance
  // Starting to measure can fail. From here on no error may find Node's own way out.
  if (profile) announce(new Horse(system, channel))
  const horse = new Horse(profile ? withProfiler(system, profile, channel) : system, channel)
  announce(horse)
  horse.begin(inheritance)
  return horse
}

/**
 * The life of a horse, from the instruction after fork(2):
 * 1. become a process of its own: die with the zygote, lead a group, own output, own identity;
 * 2. run `afterFork` hooks, if there are any;
 * 3. wait for its job: asleep in read(2), or in the event loop where hooks may have opened connections;
 * 4. run it, report, run `beforeExit` hooks;
 * 5. leave by _exit(2). No other way out of a forked Node process works: every one is caught and led here.
 *
 * Everything here is rehearsed in the zygote (rehearsal.ts): what is compiled, allocated or touched for the first time
 * in a horse costs page faults in every single one.
 */
export class Horse {
  readonly #system: HorseSystem
  readonly #channel: HorseChannel
  readonly #abort = new LazyAbort()
  #started = false
  #ended = false
  #hooks: Promise<JobFailure | undefined> | undefined

  constructor(system: HorseSystem, channel: HorseChannel) {
    this.#system = system
    this.#channel = channel
  }

  /** Steps 1 to 3; returns when the event loop is to go on. */
  begin(inheritance: Inheritance): void {
    becomeOwnProcess(this.#system, inheritance)
    setGatewayProvider(() => this.#channel.gateway)
    if (this.#system.hasHooks('afterFork')) return this.#beginWithHooks()
    const command = this.#channel.receive()
    if (command === undefined) this.#system.exit(0)
    else this.obey(command)
  }

  #beginWithHooks(): void {
    this.attach()
    this.#hooks = runHooks('afterFork').then(
      () => undefined,
      (thrown) => describeThrown(thrown, 'after-fork'),
    )
  }

  /** Receive through the event loop from now on. */
  attach(): void {
    this.#channel.attach(
      (command) => this.obey(command),
      () => this.#system.exit(0),
    )
  }

  obey({ header, body }: Received): void {
    if (header.type === 'abort') this.#abort.abort(header.reason)
    if (header.type === 'hand-over') this.#system.profiler?.handOver(true)
    if (header.type !== 'run') return
    this.#started = true
    this.#system.profiler?.mark('load')
    process.title = header.title
    void this.#execute(header, body)
    if (!this.#ended) this.#system.nextTurn(() => this.#keepGoing())
  }

  /** The job did not settle within its first turn: it needs the event loop. */
  #keepGoing(): void {
    if (this.#ended) return
    this.attach()
    this.#system.onLoopEmpty(1, () => this.fail(LOOP_EMPTY))
  }

  async #execute({ job, asksStart, limits }: RunHeader, args: string): Promise<void> {
    const hookFailure = await this.#hooks
    if (hookFailure) return this.fail(hookFailure)
    // What `afterFork` hooks have used up to here, while the job waited for them, is not the job's.
    this.#system.noteMemory()
    if (asksStart || this.#hooks !== undefined) this.#tellStart()
    if (limits) takeLimits(this.#system, limits)
    const current = createCurrentJob(job, this.#abort, this.#channel)
    setOnlyJob(current)
    const { profiler } = this.#system
    const result = await (profiler ? profiler.execute(current, args) : executeJob(current, args, callDirectly))
    if (result.type === 'failed') return this.fail(result.failure)
    if (this.#ended) return
    this.#ended = true
    this.#channel.send({ type: 'finished', ...this.#sharedMemory() }, result.result)
    await this.#leave()
  }

  /** Report a failure as the horse's last word, and leave. */
  fail(failure: JobFailure, exitCode = 0): void {
    if (this.#ended) return
    this.#ended = true
    this.#channel.send({ type: 'failed', ...this.#sharedMemory() }, JSON.stringify(failure))
    if (failure.kind === 'error') void this.#leave()
    else this.#system.exit(exitCode)
  }

  #tellStart(): void {
    const memory = this.#system.residentMemory(0)
    if (memory !== null) this.#channel.send({ type: 'began', memory })
  }

  #sharedMemory(): { sharedBytes?: number | null } {
    try {
      const sharedBytes = this.#system.sharedMemory()
      return sharedBytes === null ? {} : { sharedBytes }
    } catch {
      // The job has taken all descriptors that it may have; its bill is a little less exact then.
      return { sharedBytes: null }
    }
  }

  async #leave(): Promise<void> {
    this.#system.profiler?.mark('exit')
    if (this.#system.hasHooks('beforeExit')) {
      this.attach()
      try {
        await runHooks('beforeExit')
      } catch (thrown) {
        this.#channel.log(`a beforeExit hook failed: ${describeThrown(thrown, 'error').message}`)
      }
    }
    this.#system.exit(0)
  }

  /** `process.exit`, called by whatever the job runs. */
  exitCalled(exitCode: number): never {
    if (this.#started) {
      const message = `the job called process.exit(${exitCode}) before it settled`
      this.fail({ kind: 'exit', name: 'ProcessExitError', message, exitCode }, exitCode)
    }
    return this.#system.exit(exitCode)
  }

  /** Only a rehearsal ends like this. */
  close(): Promise<void> {
    return this.#channel.close()
  }

  /** An error that no code of the job's was there to catch. */
  uncaught(thrown: unknown, kind: 'uncaught-exception' | 'unhandled-rejection'): void {
    if (this.#ended) {
      // After the job's own end this cannot change its outcome; in a hook it must not keep the process here.
      this.#channel.log(`${kind} after the job had ended: ${describeThrown(thrown, kind).message}`)
      this.#system.exit(1)
    }
    this.fail(describeThrown(thrown, kind), 1)
  }
}

/** For `ps`, until it has a job. Of pool children and heirs, until they have a better one. */
const TITLE = 'workhorse: horse, standing by'

function callDirectly<R>(_current: unknown, call: () => R): R {
  return call()
}

/** The first thing in whatever the zygote has forked. */
export function becomeOwnProcess(system: HorseSystem, inheritance: Inheritance): void {
  const [, stdout, stderr] = inheritance.descriptors as [number, number, number]
  const { zygotePid, zygoteDescriptors } = inheritance
  const output = [stdout, stderr] as const
  if (!system.becomeOwnProcess(zygotePid, 'workhorse-horse', output, zygoteDescriptors, TITLE)) system.exit(1)
  system.renewIdentity()
}
