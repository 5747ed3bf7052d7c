import { formatDuration } from '../../support/duration.ts'
import { Inbox } from '../../support/inbox.ts'
import type { Logger } from '../../support/logger.ts'
import { EXIT_FAILED } from '../report-error.ts'
import { type CrewExit, CrewMember, describeExit } from './crew-member.ts'
import {
  type ControlEvent,
  type ControlSignal,
  recordControlSignals,
  recordSignals,
  SIGNAL_EXIT_CODES,
  type SignalEvent,
  type StopSignal,
} from './events.ts'
import type { ServiceManager } from './service-manager.ts'

type CrewEvent =
  | SignalEvent
  | ControlEvent
  | { readonly type: 'ready'; readonly member: CrewMember }
  | { readonly type: 'ended'; readonly finished: number; readonly failed: number }
  | { readonly type: 'exited'; readonly member: CrewMember; readonly exit: CrewExit }
  | { readonly type: 'restart'; readonly member: CrewMember }

export interface CrewOptions {
  readonly size: number
  readonly burst: boolean
  /** Command line of worker number `number`. */
  readonly argsOf: (number: number) => readonly string[]
  readonly logger: Logger
  readonly service: ServiceManager
}

/**
 * The master of several workers: starts them, passes signals on, starts again who dies, and leaves when all have left.
 * It touches neither broker nor jobs. A crew of which no worker ever became ready is not started again: it has a fault
 * that another start will not mend.
 */
export class Crew {
  readonly #options: CrewOptions
  readonly #inbox = new Inbox<CrewEvent>()
  readonly #members: CrewMember[]
  /** Those whose process runs, as far as the main loop has heard. */
  readonly #alive = new Set<CrewMember>()
  readonly #ready = new Set<CrewMember>()
  readonly #began = performance.now()
  readonly #counts = { finished: 0, failed: 0 }
  #stage: 'working' | 'stopping' | 'killing' = 'working'
  #waitingRestarts = 0
  #exitCode = 0

  constructor(options: CrewOptions) {
    this.#options = options
    const events = {
      ready: (member: CrewMember) => this.#inbox.push({ type: 'ready', member }),
      ended: (_member: CrewMember, counts: { readonly finished: number; readonly failed: number }) =>
        this.#inbox.push({ type: 'ended', finished: counts.finished, failed: counts.failed }),
      exited: (member: CrewMember, exit: CrewExit) => this.#inbox.push({ type: 'exited', member, exit }),
    }
    const numbers = Array.from({ length: options.size }, (_, index) => index + 1)
    this.#members = numbers.map((number) => new CrewMember(number, options.argsOf(number), events))
  }

  /** Works until all workers have left. Resolves to the exit code: not 0 where one of them failed. */
  async run(): Promise<number> {
    recordSignals(this.#inbox)
    recordControlSignals(this.#inbox)
    for (const member of this.#members) this.#start(member)
    while (this.#isAtWork()) this.#act(await this.#inbox.next())
    this.#logDone()
    return this.#exitCode
  }

  #isAtWork(): boolean {
    return this.#alive.size > 0 || (this.#stage === 'working' && this.#waitingRestarts > 0)
  }

  #start(member: CrewMember): void {
    this.#alive.add(member)
    member.start()
  }

  #act(event: CrewEvent): void {
    switch (event.type) {
      case 'signal':
        return this.#obey(event.signal)
      case 'reload':
        return this.#passOn('SIGHUP')
      case 'quiet':
        return this.#passOn('SIGTSTP')
      case 'changed':
        // Each worker watches for itself.
        return
      case 'ready':
        return this.#countReady(event.member)
      case 'ended':
        this.#counts.finished += event.finished
        this.#counts.failed += event.failed
        return
      case 'exited':
        return this.#bury(event.member, event.exit)
      case 'restart':
        this.#waitingRestarts--
        if (this.#stage === 'working') this.#start(event.member)
    }
  }

  /** First: let them stop. Second: they kill what runs. Third: they are killed. */
  #obey(signal: StopSignal): void {
    const { logger } = this.#options
    const alive = [...this.#alive]
    if (this.#stage === 'killing') {
      for (const member of alive) member.kill('SIGKILL')
      return
    }
    if (this.#stage === 'stopping') this.#exitCode = SIGNAL_EXIT_CODES[signal]
    this.#stage = this.#stage === 'working' ? 'stopping' : 'killing'
    this.#options.service.stopping(this.#stage)
    const pids = alive.map(({ pid }) => pid).join(', ')
    logger.info({ event: `workers.${this.#stage}` }, `${signal}: ${this.#stage} ${alive.length} workers (pid ${pids})`)
    for (const member of alive) member.kill(signal)
  }

  #passOn(signal: ControlSignal): void {
    const { logger } = this.#options
    logger.info({ event: 'workers.told' }, `${signal}: passed on to ${this.#alive.size} workers`)
    // One that has not come up yet would be ended by a signal that it does not listen to.
    for (const member of this.#alive) if (this.#ready.has(member)) member.kill(signal)
  }

  #countReady(member: CrewMember): void {
    if (this.#ready.has(member)) return
    this.#ready.add(member)
    if (this.#ready.size < this.#members.length) return
    this.#options.service.ready(`${this.#members.length} workers`)
    const took = formatDuration(performance.now() - this.#began)
    this.#options.logger.info({ event: 'workers.ready' }, `all ${this.#members.length} workers ready after ${took}`)
  }

  #bury(member: CrewMember, exit: CrewExit): void {
    this.#alive.delete(member)
    const { burst, logger } = this.#options
    const who = `worker ${member.number}`
    const isDone = burst || this.#stage !== 'working' || member.leaveReason === 'idle'
    const hasFinished = exit.code === 0 && isDone
    if (hasFinished || this.#stage === 'killing') return
    if (this.#stage !== 'working' || burst) {
      this.#exitCode ||= EXIT_FAILED
      logger.error({ event: 'workers.failed' }, `${who} ${describeExit(exit)}`)
      return
    }
    if (this.#ready.size === 0) {
      this.#exitCode = EXIT_FAILED
      logger.error({ event: 'workers.failed' }, `${who} ${describeExit(exit)} before any worker was ready; stopping`)
      return this.#obey('SIGTERM')
    }
    const delayMs = member.nextDelayMs()
    const when = delayMs === 0 ? 'now' : `in ${formatDuration(delayMs)}`
    const level = member.leaveReason === undefined ? 'error' : 'info'
    logger[level]({ event: 'workers.restart' }, `${who} ${describeExit(exit)}; starting it again ${when}`)
    this.#waitingRestarts++
    setTimeout(() => this.#inbox.push({ type: 'restart', member }), delayMs)
  }

  #logDone(): void {
    const { finished, failed } = this.#counts
    const seconds = (performance.now() - this.#began) / 1000
    this.#options.logger.info(
      { event: 'workers.done', finished, failed, seconds },
      `all workers have left: ${finished} finished, ${failed} failed, in ${seconds.toFixed(1)} s`,
    )
  }
}
