import { HAND_OVER_SIGNAL } from '../fork/hand-over-signal.ts'
import { OneExecutionProfiler } from '../fork/horse-profiler.ts'
import type { ProfileRequest } from '../profiling.ts'
import type { ChildChannel } from './child-channel.ts'
import type { ChildSystem } from './child-system.ts'

/**
 * Measures single executions of a pool child. Loaded for the first of them: a child of which nothing is measured knows nothing of
 * it. Between executions nothing is switched on.
 */
export class ChildMeasuring {
  readonly #channel: ChildChannel
  readonly #heedsSignal: boolean
  #current: OneExecutionProfiler | undefined

  constructor(system: ChildSystem, channel: ChildChannel) {
    this.#channel = channel
    this.#heedsSignal = system.onInterruptSignal !== undefined
    // It stays: the supervisor may ask a moment too late, and the signal would end a process that does not know it.
    system.onInterruptSignal?.(HAND_OVER_SIGNAL, () => this.handOver())
  }

  begin(execution: number, request: ProfileRequest): OneExecutionProfiler {
    const channel = this.#channel
    const profiler = new OneExecutionProfiler(request, {
      get sending() {
        return channel.sending
      },
      send: ({ type }, body) => channel.send({ type, execution }, body),
    })
    profiler.start('load')
    this.#current = profiler
    channel.send({ type: 'measuring', heedsSignal: this.#heedsSignal })
    return profiler
  }

  /** What there is, now: the process is about to end, or somebody waits for it. */
  handOver(): void {
    this.#current?.handOver(true)
  }

  end(): void {
    this.#current?.finish()
    this.#current = undefined
  }
}
