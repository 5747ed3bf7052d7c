export interface EventuallyOptions {
  /** How long `check` may go on failing. */
  readonly timeoutMs?: number
  readonly intervalMs?: number
}

/** Runs `check` again and again until it passes; fails with its last error when the time is over. */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeoutMs = 5000, intervalMs = 10 } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, intervalMs))
    }
  }
}
