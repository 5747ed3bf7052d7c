import { createCurrentJob, type JobIdentity, setOnlyJob } from '../../../job/context.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import type { JobFailure } from '../../../job/failure.ts'
import { setGatewayProvider } from '../../../job/gateway-provider.ts'
import { hasHooks, runHooks } from '../../../job/hooks.ts'
import { executeJob } from '../../execute-job.ts'
import type { Frame } from './frames.ts'
import { HorseChannel } from './horse-channel.ts'
import { type Inherited, resetAfterFork } from './horse-reset.ts'
import type { HorseCommand } from './messages.ts'
import type { Native } from './native.ts'

/**
 * The life of a horse, from the instruction after fork(2):
 * 1. become a process of its own (reset list);
 * 2. run `afterFork` hooks, if there are any;
 * 3. wait for its job: asleep in read(2), or in the event loop where hooks may have opened connections;
 * 4. run it, report, run `beforeExit` hooks;
 * 5. leave by _exit(2). No other way out of a forked Node process works: every one is caught and led here.
 */
export function becomeHorse(native: Native, channelDescriptor: number, inherited: Inherited, zygotePid: number): void {
  resetAfterFork(native, inherited, zygotePid)
  const channel = new HorseChannel(native, channelDescriptor)
  const horse = new Horse(native, channel)
  horse.guardExits()
  setGatewayProvider(() => channel.gateway)
  if (hasHooks('afterFork')) {
    horse.attach()
    void horse.startWithHooks()
    return
  }
  const frame = channel.receive()
  if (frame === undefined) native.exit(0)
  horse.run(frame)
}

class Horse {
  readonly #native: Native
  readonly #channel: HorseChannel
  readonly #abort = new AbortController()
  #started = false
  #ended = false
  #hooks: Promise<JobFailure | undefined> = Promise.resolve(undefined)

  constructor(native: Native, channel: HorseChannel) {
    this.#native = native
    this.#channel = channel
  }

  /** Receive through the event loop from now on. */
  attach(): void {
    this.#channel.attach(
      (frame) => this.#obey(frame),
      () => this.#native.exit(0),
    )
  }

  async startWithHooks(): Promise<void> {
    this.#hooks = runHooks('afterFork').then(
      () => undefined,
      (thrown) => describeThrown(thrown, 'after-fork'),
    )
    await this.#hooks
  }

  #obey(frame: Frame<HorseCommand>): void {
    if (frame.header.type === 'run') this.run(frame)
    else if (frame.header.type === 'abort') this.#abort.abort(new DOMException(frame.header.reason, 'AbortError'))
  }

  run(frame: Frame<HorseCommand>): void {
    if (frame.header.type !== 'run') return this.#obey(frame)
    this.#started = true
    const { job } = frame.header
    process.title = `workhorse: ${job.name} ${job.id}`
    void this.#execute(job, frame.body.toString())
    if (!this.#ended) setImmediate(() => this.#keepGoing())
  }

  /** The job did not settle within its first turn: it needs the event loop. */
  #keepGoing(): void {
    this.attach()
    this.#native.onLoopEmpty(1, () => {
      this.fail({
        kind: 'loop-empty',
        name: 'LoopEmptyError',
        message:
          'the event loop ran empty before the job settled: it awaits something that nothing can resolve any more, such as a promise whose resolve is never called or an unref()ed timer',
      })
    })
  }

  async #execute(job: JobIdentity, args: string): Promise<void> {
    const hookFailure = hasHooks('afterFork') ? await this.#hooks : undefined
    if (hookFailure) return this.fail(hookFailure)
    const current = createCurrentJob(job, this.#abort, this.#channel)
    setOnlyJob(current)
    const result = await executeJob(current, args, (_, call) => call())
    if (result.type === 'failed') return this.fail(result.failure)
    if (this.#ended) return
    this.#ended = true
    this.#channel.send({ type: 'finished' }, result.result)
    await this.#leave(0)
  }

  /** Report a failure as the horse's last word, and leave. */
  fail(failure: JobFailure, exitCode = 0): void {
    if (this.#ended) return
    this.#ended = true
    this.#channel.send({ type: 'failed' }, JSON.stringify(failure))
    if (failure.kind === 'error') void this.#leave(exitCode)
    else this.#native.exit(exitCode)
  }

  async #leave(exitCode: number): Promise<never> {
    if (hasHooks('beforeExit')) {
      this.attach()
      try {
        await runHooks('beforeExit')
      } catch (thrown) {
        this.#channel.log(`a beforeExit hook failed: ${describeThrown(thrown, 'error').message}`)
      }
    }
    return this.#native.exit(exitCode)
  }

  /** Every way out of a Node process that job code can take. */
  guardExits(): void {
    const leave = (code?: number | string | null): never => {
      const exitCode = Number(code ?? process.exitCode ?? 0) & 0xff
      if (this.#started) {
        this.fail(
          {
            kind: 'exit',
            name: 'ProcessExitError',
            message: `the job called process.exit(${code ?? ''}) before it settled`,
            exitCode,
          },
          exitCode,
        )
      }
      return this.#native.exit(exitCode)
    }
    process.exit = leave
    Object.assign(process, { reallyExit: leave })
    process.on('uncaughtException', (error: unknown) => this.#die(error, 'uncaught-exception'))
    process.on('unhandledRejection', (reason: unknown) => this.#die(reason, 'unhandled-rejection'))
  }

  #die(thrown: unknown, kind: 'uncaught-exception' | 'unhandled-rejection'): void {
    if (this.#ended) {
      // After the job's own end this cannot change its outcome; in a hook it must not keep the process here.
      this.#channel.log(`${kind} after the job had ended: ${describeThrown(thrown, kind).message}`)
      this.#native.exit(1)
    }
    this.fail(describeThrown(thrown, kind), 1)
  }
}
