import type { CurrentJob } from '../../../job/context.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import { type ExecutionResult, executeJob } from '../../execute-job.ts'
import type { PhaseMark, ProfileRequest, RawProfile, WarmRequest } from '../profiling.ts'
import { HAND_OVER_SIGNAL } from './hand-over-signal.ts'
import type { HorseMeasurement, HorseSystem } from './horse-system.ts'
import type { HorseReport } from './messages.ts'
import { createInstrument, type Instrument } from './samplers.ts'
import { ThreadClock } from './thread-clock.ts'

/** Where what was measured goes: the horse's channel. */
interface Outlet {
  /** In the midst of a frame, where an interrupt may come there. */
  readonly sending?: boolean
  send(report: Extract<HorseReport, { type: 'profile' }>, body?: string): void
}

interface HorseOutlet extends Outlet {
  send(report: Extract<HorseReport, { type: 'profile' | 'measuring' }>, body?: string): void
  log(message: string): void
}

/**
 * Measures a horse from the instruction after its fork until it leaves. V8's sampler is a thread, and a thread does not
 * survive a fork: so it is started here, in each horse, and what that costs is measured, too.
 */
export class HorseProfiler implements HorseMeasurement {
  readonly #request: ProfileRequest
  readonly #outlet: Outlet
  readonly #instrument: Instrument
  readonly #executions: PhaseMark[][] = []
  readonly #clock = new ThreadClock()
  #startUs = 0
  #handedOver = false

  constructor(request: ProfileRequest, outlet: Outlet) {
    this.#request = request
    this.#outlet = outlet
    this.#instrument = createInstrument(request)
  }

  /** @param phase what the process does now */
  start(phase: PhaseMark['phase'] = 'after-fork'): void {
    const before = this.#clock.now()
    this.#instrument.start()
    this.#startUs = this.#clock.now() - before
    this.#executions.push([])
    this.mark(phase)
  }

  mark(phase: PhaseMark['phase']): void {
    this.#executions.at(-1)?.push({ phase, at: Number(process.hrtime.bigint() / 1000n), cpu: this.#clock.now() })
  }

  /** As executeJob, with its phases told apart; and again and again where the request says so. */
  execute(current: CurrentJob, args: string): Promise<ExecutionResult> {
    const { warm } = this.#request
    return warm === undefined ? this.#executeOnce(current, args) : this.#executeWarm(current, args, warm)
  }

  async #executeWarm(current: CurrentJob, args: string, warm: WarmRequest): Promise<ExecutionResult> {
    for (let run = 0; run < warm.discard; run++) {
      const result = await this.#executeOnce(current, args)
      if (result.type === 'failed') return result
      await nextTurn()
    }
    // Nothing before the measured executions counts.
    this.#executions.length = 0
    this.#instrument.forget?.()
    let last: ExecutionResult | undefined
    for (let run = 0; run < warm.measure; run++) {
      this.#executions.push([])
      this.mark('load')
      last = await this.#executeOnce(current, warm.args?.[run % warm.args.length] ?? args)
      this.mark('end')
      if (last.type === 'failed') return last
      await nextTurn()
    }
    if (last === undefined) throw new Error('[BUG] a warm profile of no executions')
    return last
  }

  #executeOnce(current: CurrentJob, args: string): Promise<ExecutionResult> {
    return executeJob(current, args, (_current, call) => {
      this.#instrument.learn?.(JSON.parse(args) as unknown[])
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

  /** After it was handed over: the process is as it was before. */
  protected release(): void {
    this.#instrument.close?.()
    this.#clock.close()
  }

  /** Stop, and send what there is. Once. */
  handOver(cut: boolean): void {
    // An interrupt can come at any time.
    if (this.#handedOver || this.#outlet.sending) return
    this.#handedOver = true
    const open = this.#executions.at(-1)
    if (open && open.at(-1)?.phase !== 'end') this.mark('end')
    const before = this.#clock.now()
    const profile = this.#instrument.stop()
    const { kind, interval } = this.#request
    const { remark } = this.#instrument
    const raw: RawProfile = {
      pid: process.pid,
      kind,
      interval,
      executions: this.#executions,
      startUs: this.#startUs,
      stopUs: this.#clock.now() - before,
      ...(cut ? { cut } : {}),
      ...(remark === undefined ? {} : { remark }),
      profile,
    }
    this.#outlet.send({ type: 'profile' }, JSON.stringify(raw))
  }
}

/** The same for one execution of a process that goes on afterwards: it is handed over at the end, and nothing is left behind. */
export class OneExecutionProfiler extends HorseProfiler {
  #closed = false

  finish(): void {
    if (this.#closed) return
    this.#closed = true
    this.handOver(false)
    this.release()
  }
}

/** The same system for a horse that is measured: whatever way it leaves, it hands over first. */
export function withProfiler(system: HorseSystem, request: ProfileRequest, outlet: HorseOutlet): HorseSystem {
  const profiler = new HorseProfiler(request, outlet)
  profiler.start()
  system.onInterruptSignal(HAND_OVER_SIGNAL, () => profiler.handOver(true))
  outlet.send({ type: 'measuring' })
  return {
    ...system,
    profiler,
    exit: (code) => {
      try {
        profiler.handOver(false)
      } catch (thrown) {
        // It must not keep the horse from leaving; the profile is missed by whoever waits for it.
        outlet.log(`what was measured cannot be handed over: ${describeThrown(thrown, 'error').message}`)
      }
      return system.exit(code)
    },
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
