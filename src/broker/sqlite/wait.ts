import { Sleeper } from '../../support/sleeper.ts'
import type { WaitParams } from '../broker.ts'
import type { WakeFile } from './wake.ts'

/** For file systems that do not tell of writes (some network mounts): how long a wake-up may go unnoticed. */
const SAFETY_CHECK_MS = 2000
/** The same where the file cannot be watched at all. */
const DEAF_CHECK_MS = 50

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
      await sleeper.sleep(Math.min(left, untilAgain, check))
    }
  } finally {
    unsubscribe()
    params.signal?.removeEventListener('abort', stop)
    params.closed.removeEventListener('abort', stop)
  }
}
