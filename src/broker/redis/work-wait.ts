import { Sleeper } from '../../support/sleeper.ts'
import type { Maintenance, WorkWaitParams } from '../broker.ts'
import { listed } from './exchange.ts'
import type { Listener } from './listener.ts'
import { Peeker } from './peeker.ts'
import { asList, asNumber, asOptionalNumber, asTexts } from './reply.ts'
import type { Store } from './store.ts'

/** RQ's `rq resume` tells nobody; its own workers look every second, too. */
const SUSPENDED_LOOK_MS = 1000
const PROMOTE_BATCH = 500

interface Look {
  readonly claimable: boolean
  readonly nextDueAt: number | undefined
  readonly serverNow: number
  readonly suspendedMs: number | undefined
  /** Queues that are worth listening to. */
  readonly open: readonly string[]
}

/** Waits for work: on the lists themselves, on the channel of wake-ups, and for the next scheduled job. */
export class WorkWaiter {
  readonly #store: Store
  readonly #listener: Listener
  readonly #peekers = new Map<string, Peeker>()
  readonly #closed: AbortSignal

  constructor(store: Store, listener: Listener, closed: AbortSignal) {
    this.#store = store
    this.#listener = listener
    this.#closed = closed
  }

  async wait({ queues, timeoutMs, signal }: WorkWaitParams): Promise<void> {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs
    const stops = [this.#closed, ...(signal === undefined ? [] : [signal])]
    if (stops.some(({ aborted }) => aborted)) return
    const sleeper = new Sleeper()
    const wake = () => sleeper.wake()
    for (const stop of stops) stop.addEventListener('abort', wake)
    // Before the first look, so that nothing that comes in between is missed.
    const unsubscribe = await this.#listener.subscribe(this.#store.keys.wakeChannel, wake)
    const watched = new Map<string, () => void>()
    let found = false
    try {
      while (!stops.some(({ aborted }) => aborted)) {
        sleeper.rearm()
        const look = await this.#look(queues)
        const left = deadline - performance.now()
        if (look.claimable || left <= 0) return
        if (look.nextDueAt !== undefined && look.nextDueAt <= look.serverNow) {
          await promoteDue(this.#store)
          continue
        }
        for (const [queue, unwatch] of watched) if (!look.open.includes(queue)) unwatch()
        for (const queue of look.open) {
          watched.get(queue)?.()
          watched.set(
            queue,
            this.#peeker(queue).watch(() => {
              found = true
              sleeper.wake()
            }),
          )
        }
        await sleeper.sleep(Math.min(left, untilNextLook(look)))
        if (found) return
      }
    } finally {
      for (const unwatch of watched.values()) unwatch()
      for (const stop of stops) stop.removeEventListener('abort', wake)
      unsubscribe()
    }
  }

  close(): void {
    for (const peeker of this.#peekers.values()) peeker.close()
  }

  #peeker(queue: string): Peeker {
    let peeker = this.#peekers.get(queue)
    if (peeker === undefined) {
      peeker = new Peeker(this.#store, queue)
      this.#peekers.set(queue, peeker)
    }
    return peeker
  }

  async #look(queues: readonly string[]): Promise<Look> {
    const [claimable, nextDueAt, now, suspended, open] = asList(
      await this.#store.run('work-look', () => listed(queues)),
    )
    return {
      claimable: asNumber(claimable) === 1,
      nextDueAt: asOptionalNumber(nextDueAt),
      serverNow: asNumber(now),
      suspendedMs: asOptionalNumber(suspended),
      open: asTexts(open),
    }
  }
}

function untilNextLook({ nextDueAt, serverNow, suspendedMs }: Look): number {
  const untilDue = nextDueAt === undefined ? Number.POSITIVE_INFINITY : Math.max(1, nextDueAt - serverNow)
  if (suspendedMs === undefined) return untilDue
  return Math.min(untilDue, SUSPENDED_LOOK_MS, suspendedMs < 0 ? SUSPENDED_LOOK_MS : suspendedMs + 1)
}

/** Queues all scheduled jobs that are due. */
export async function promoteDue(store: Store): Promise<Pick<Maintenance, 'promoted' | 'at' | 'nextDueAt'>> {
  let promoted = 0
  for (;;) {
    const [count, more, now, next] = asList(await store.run('promote', () => [PROMOTE_BATCH]))
    promoted += asNumber(count)
    const nextDueAt = asOptionalNumber(next)
    if (asNumber(more) === 0) return { promoted, at: asNumber(now), ...(nextDueAt === undefined ? {} : { nextDueAt }) }
  }
}
