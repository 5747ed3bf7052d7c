/** What a job carries with it to say what shall happen before and after its executions. All of it is JSON. */

/** When a failed execution is followed by another. What it means is computed in retry.ts, never by a broker. */
export interface RetryPolicy {
  /** Retries after the first execution; at least 1. */
  readonly max: number
  /** Before the first retry, the second, and so on; the last one repeats. Empty: at once, or by `backoff`. */
  readonly delaysMs: readonly number[]
  /** Instead of `delaysMs`: `baseMs * factor ** n`, at most `maxMs`, made shorter by up to the share `jitter` at random. */
  readonly backoff?: {
    readonly baseMs: number
    readonly factor: number
    readonly maxMs: number
    /** 0 to 1. */
    readonly jitter: number
  }
  /** A retry goes before all that waits in the queue. */
  readonly atFront?: boolean
}

/** Jobs that must end before this one is queued. */
export interface JobDependencies {
  /** At least one. An id that no job has counts as met, as with RQ: that job ended long ago. */
  readonly jobIds: readonly string[]
  /** Failed ones count as met, too. Stopped and canceled ones never do. */
  readonly allowFailure?: boolean
  /** Once met, the job goes before all that waits in its queue. */
  readonly atFront?: boolean
}

/** Executions after the first, each after the one before has finished. RQ's Repeat. */
export interface RepeatPolicy {
  /** At least 1. */
  readonly times: number
  /** Before the first repeat, the second, and so on; the last one repeats. Empty: at once. */
  readonly delaysMs: readonly number[]
}

/** Jobs that are enqueued when this one has ended so. Brokers hand them back untouched, and build nothing of them. */
export interface JobCallbacks {
  readonly success?: JobCallback
  /** After the last attempt: a failure that is retried calls nothing. */
  readonly failure?: JobCallback
  readonly stopped?: JobCallback
}

/**
 * A defined job and how it is enqueued: whoever runs the job knows no definitions, so its producer says it.
 */
export interface JobCallback {
  readonly name: string
  /** Without it that of the job whose end it is about. */
  readonly queue?: string
  readonly timeoutMs: number
  readonly resultTtlMs: number
  readonly failureTtlMs: number
  readonly retry?: RetryPolicy
}
