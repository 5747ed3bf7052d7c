import { BrokerUnavailableError } from '../../errors.ts'
import { Sleeper } from '../../support/sleeper.ts'
import type { WaitParams } from '../broker.ts'
import { EndedProbe } from './ended-probe.ts'
import type { Listener } from './listener.ts'
import type { Store } from './store.ts'
import { StreamWatcher } from './stream-watcher.ts'

/** Most jobs are told of on their channel before this; only for others is the stream watched. */
const WATCH_STREAM_AFTER_MS = 40
/** Python deletes and cancels without a word that could be heard. */
const SAFETY_LOOK_MS = 2000

/** Waits for the ends of jobs: on a channel of each, which our scripts publish to, and on the stream of its results. */
export class JobEndWaiter {
  readonly #store: Store
  readonly #listener: Listener
  readonly #probe: EndedProbe
  readonly #streams: StreamWatcher
  readonly #closed: AbortSignal
  readonly #sleepers = new Set<Sleeper>()
  #safety: NodeJS.Timeout | undefined

  constructor(store: Store, listener: Listener, closed: AbortSignal) {
    this.#store = store
    this.#listener = listener
    this.#probe = new EndedProbe(store)
    this.#streams = new StreamWatcher(store)
    this.#closed = closed
  }

  /** Resolves when the job has ended or is gone, or the time is over, or the signal aborts. */
  async wait(id: string, { timeoutMs, signal }: WaitParams): Promise<void> {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs
    const stops = [this.#closed, ...(signal === undefined ? [] : [signal])]
    const isOver = () => performance.now() >= deadline || stops.some(({ aborted }) => aborted)
    if (isOver() || (await this.#probe.hasEnded(id))) return this.#assertOpen()
    const sleeper = new Sleeper()
    const wake = () => sleeper.wake()
    for (const stop of stops) stop.addEventListener('abort', wake)
    const leaves = [await this.#subscribe(id, wake)]
    this.#enter(sleeper)
    try {
      const stream = performance.now() + WATCH_STREAM_AFTER_MS
      for (;;) {
        sleeper.rearm()
        if (isOver() || (await this.#probe.hasEnded(id))) return this.#assertOpen()
        const isWatching = leaves.length > 1
        await sleeper.sleep(
          Math.min(deadline - performance.now(), isWatching ? Number.POSITIVE_INFINITY : stream - performance.now()),
        )
        if (!isWatching && performance.now() >= stream)
          leaves.push(this.#streams.watch(this.#store.keys.results(id), wake))
      }
    } finally {
      for (const leave of leaves) leave()
      for (const stop of stops) stop.removeEventListener('abort', wake)
      this.#leave(sleeper)
    }
  }

  close(): void {
    clearInterval(this.#safety)
    this.#streams.close()
  }

  async #subscribe(id: string, wake: () => void): Promise<() => void> {
    try {
      return await this.#listener.subscribe(this.#store.keys.endedChannel(id), wake)
    } catch (error) {
      this.#assertOpen()
      throw error
    }
  }

  #assertOpen(): void {
    if (this.#closed.aborted) throw new BrokerUnavailableError(`the broker of ${this.#store.url} was closed meanwhile`)
  }

  /** One clock for all, so that one round trip serves all of them. */
  #enter(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper)
    this.#safety ??= setInterval(() => {
      for (const each of this.#sleepers) each.wake()
    }, SAFETY_LOOK_MS)
  }

  #leave(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper)
    if (this.#sleepers.size > 0) return
    clearInterval(this.#safety)
    this.#safety = undefined
  }
}
