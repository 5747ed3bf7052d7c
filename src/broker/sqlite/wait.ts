import type { WaitParams } from '../broker.ts'
import type { WakeFile } from './wake.ts'

/** For file systems that do not tell of writes (some network mounts): how long a wake-up may go unnoticed. */
const SAFETY_CHECK_MS = 2000
/** The same where the file cannot be watched at all. */
const DEAF_CHECK_MS = 50
/** setTimeout takes no longer times. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface Look<T> {
  /** What was waited for, if it is there. */
  readonly found?: T
  /** When to look again even without a wake-up, in Unix milliseconds. */
  readonly againAt?: number
}

/**
 * Looks at once, after each wake-up and now and then, until `look` finds something; undefined where the time is over or
 * the signal aborts before. It subscribes before it looks, so a change in between is not missed.
 */
export async function waitFor<T>(
  wake: WakeFile,
  params: WaitParams & { readonly closed: AbortSignal },
  look: () => Promise<Look<T>>,
): Promise<T | undefined> {
  const deadline = params.timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + params.timeoutMs
  const sleeper = new Sleeper()
  const stop = () => sleeper.wake()
  const unsubscribe = wake.subscribe(() => sleeper.wake())
  params.signal?.addEventListener('abort', stop)
  params.closed.addEventListener('abort', stop)
  try {
    for (;;) {
      if (params.signal?.aborted || params.closed.aborted) return undefined
      sleeper.rearm()
      const { found, againAt } = await look()
      if (found !== undefined) return found
      const left = deadline - performance.now()
      if (left <= 0) return undefined
      const untilAgain = againAt === undefined ? Number.POSITIVE_INFINITY : againAt - Date.now()
      const check = wake.deaf ? DEAF_CHECK_MS : SAFETY_CHECK_MS
      await sleeper.sleep(Math.min(left, untilAgain, check, LONGEST_TIMER_MS))
    }
  } finally {
    unsubscribe()
    params.signal?.removeEventListener('abort', stop)
    params.closed.removeEventListener('abort', stop)
  }
}

/** Sleeps that a wake-up ends, also one that came after `rearm` but before the sleep. */
class Sleeper {
  #woken = false
  #end: (() => void) | undefined

  rearm(): void {
    this.#woken = false
  }

  wake(): void {
    this.#woken = true
    this.#end?.()
  }

  async sleep(ms: number): Promise<void> {
    if (this.#woken) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, Math.ceil(ms)))
      this.#end = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#end = undefined
  }
}
