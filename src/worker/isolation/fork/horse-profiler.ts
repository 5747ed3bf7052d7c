import { openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type { CurrentJob } from '../../../job/context.ts'
import { type ExecutionResult, executeJob } from '../../execute-job.ts'
import type { PhaseMark, ProfileRequest, RawProfile } from '../profiling.ts'
import type { HorseSystem } from './horse-system.ts'
import type { HorseReport } from './messages.ts'

/** Where what was measured goes: the horse's channel. */
interface Outlet {
  /** In the midst of a frame. */
  readonly sending: boolean
  send(report: HorseReport, body: string): void
}

/** Asks for what was measured so far where the event loop is blocked, and no message is heard. */
export const HAND_OVER_SIGNAL = constants.signals.SIGUSR2

/** The part of node:inspector that is needed here. With this form the answer comes before `post` returns. */
interface Session {
  connect(): void
  post(method: string, params: object, answer: (error: Error | null, result: Record<string, unknown>) => void): void
}

/**
 * V8's sampler in a horse, from the instruction after its fork until it leaves. The sampler is a thread, and a thread
 * does not survive a fork: so it is started here, in each horse, and what that costs is measured, too.
 */
export class HorseProfiler {
  readonly #request: ProfileRequest
  readonly #outlet: Outlet
  readonly #executions: PhaseMark[][] = []
  #session: Session | undefined
  #startUs = 0
  #clock!: ThreadClock
  #handedOver = false

  constructor(request: ProfileRequest, outlet: Outlet) {
    this.#request = request
    this.#outlet = outlet
  }

  start(): void {
    this.#clock = new ThreadClock()
    const before = this.#clock.now()
    // Not loaded before it is needed: a zygote that never profiles does not have it.
    const inspector = createRequire(import.meta.url)('node:inspector') as { Session: new () => Session }
    this.#session = new inspector.Session()
    this.#session.connect()
    this.#startSampling()
    this.#startUs = this.#clock.now() - before
    this.#executions.push([])
    this.mark('after-fork')
  }

  #startSampling(): void {
    const { kind, interval } = this.#request
    if (kind === 'heap') {
      const everything = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }
      this.#post('HeapProfiler.startSampling', { samplingInterval: interval, ...everything })
      return
    }
    this.#post('Profiler.enable')
    this.#post('Profiler.setSamplingInterval', { interval })
    this.#post('Profiler.start')
  }

  mark(phase: PhaseMark['phase']): void {
    this.#executions.at(-1)?.push({ phase, at: Number(process.hrtime.bigint() / 1000n), cpu: this.#clock.now() })
  }

  /** As executeJob, with its phases told apart; and again and again where the request says so. */
  async execute(current: CurrentJob, args: string): Promise<ExecutionResult> {
    const { warm } = this.#request
    if (warm === undefined) return this.#executeOnce(current, args)
    // Nothing before the measured executions counts.
    this.#executions.length = 0
    for (let run = 0; run < warm.discard; run++) {
      const result = await this.#executeOnce(current, args)
      if (result.type === 'failed') return result
      await nextTurn()
    }
    let result: ExecutionResult | undefined
    for (let run = 0; run < warm.measure; run++) {
      this.#executions.push([])
      this.mark('load')
      result = await this.#executeOnce(current, args)
      this.mark('end')
      if (result.type === 'failed') return result
      await nextTurn()
    }
    if (result === undefined) throw new Error('[BUG] a warm profile of no executions')
    return result
  }

  async #executeOnce(current: CurrentJob, args: string): Promise<ExecutionResult> {
    return executeJob(current, args, (_current, call) => {
      this.mark('job')
      return this.#untilSettled(call)
    })
  }

  #untilSettled<R>(call: () => R): R {
    let value: R
    try {
      value = call()
    } catch (thrown) {
      this.mark('finish')
      throw thrown
    }
    if (value instanceof Promise) return value.finally(() => this.mark('finish')) as R
    this.mark('finish')
    return value
  }

  /** Stop, and send what there is. Once. */
  handOver(cut: boolean): void {
    const session = this.#session
    // An interrupt can come at any time.
    if (this.#handedOver || session === undefined || this.#outlet.sending) return
    this.#handedOver = true
    if (this.#executions.at(-1)?.at(-1)?.phase !== 'end') this.mark('end')
    const before = this.#clock.now()
    const { kind, interval } = this.#request
    const { profile } = this.#post(kind === 'cpu' ? 'Profiler.stop' : 'HeapProfiler.stopSampling')
    const raw: RawProfile = {
      pid: process.pid,
      kind,
      interval,
      executions: this.#executions,
      startUs: this.#startUs,
      stopUs: this.#clock.now() - before,
      ...(cut ? { cut } : {}),
      profile,
    }
    this.#outlet.send({ type: 'profile' }, JSON.stringify(raw))
  }

  #post(method: string, params: object = {}): Record<string, unknown> {
    let failure: Error | null = null
    let answer: Record<string, unknown> = {}
    this.#session?.post(method, params, (error, result) => {
      failure = error
      answer = result
    })
    if (failure !== null) throw failure
    return answer
  }
}

/** The same system for a horse that is measured: whatever way it leaves, it hands over first. */
export function withProfiler(system: HorseSystem, request: ProfileRequest, outlet: Outlet): HorseSystem {
  const profiler = new HorseProfiler(request, outlet)
  profiler.start()
  system.onInterruptSignal(HAND_OVER_SIGNAL, () => profiler.handOver(true))
  return {
    ...system,
    profiler,
    exit: (code) => {
      profiler.handOver(false)
      return system.exit(code)
    },
  }
}

/**
 * CPU of this thread alone, which is the one that is sampled. The kernel's figure for the whole process would count
 * libuv's pool and the sampler, too; it is what is left where the kernel does not keep the other.
 */
class ThreadClock {
  readonly #file = openSchedstat()
  readonly #text = Buffer.alloc(64)

  /** Microseconds. */
  now(): number {
    if (this.#file === undefined) {
      const { user, system } = process.cpuUsage()
      return user + system
    }
    const length = readSync(this.#file, this.#text, 0, this.#text.length, 0)
    return Number.parseInt(this.#text.toString('latin1', 0, length), 10) / 1000
  }
}

function openSchedstat(): number | undefined {
  try {
    return openSync('/proc/thread-self/schedstat', 'r')
  } catch {
    // A kernel without CONFIG_SCHED_INFO.
    return undefined
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
