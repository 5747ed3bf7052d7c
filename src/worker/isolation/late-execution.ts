import type { ExecutionEnd, Measurement, RunningExecution } from './isolation.ts'

/** An execution whose isolation is still coming up. Killed before that, it never begins. */
export class LateExecution implements RunningExecution {
  readonly ended: Promise<ExecutionEnd>
  readonly #run: () => RunningExecution
  #running: RunningExecution | undefined
  #abortReason: string | undefined
  #giveUp: (() => void) | undefined

  /** @param refuse what becomes of it where the isolation does not come up */
  constructor(started: Promise<void>, run: () => RunningExecution, refuse: (error: unknown) => ExecutionEnd) {
    this.#run = run
    const givenUp = new Promise<ExecutionEnd>((resolve) => {
      this.#giveUp = () => resolve({ type: 'unstarted', reason: 'its isolation was still coming up' })
    })
    this.ended = Promise.race([started.then(() => this.#begin(), refuse), givenUp])
  }

  abort(reason: string): void {
    this.#abortReason ??= reason
    this.#running?.abort(reason)
  }

  kill(): void {
    if (this.#running) return this.#running.kill()
    this.#giveUp?.()
    this.#giveUp = undefined
  }

  measure(): Measurement | undefined {
    return this.#running?.measure?.()
  }

  hasSettled(): boolean {
    return this.#running?.hasSettled?.() ?? false
  }

  #begin(): Promise<ExecutionEnd> {
    // Given up meanwhile; the race is over.
    if (this.#giveUp === undefined) return new Promise(() => {})
    this.#running = this.#run()
    if (this.#abortReason !== undefined) this.#running.abort(this.#abortReason)
    return this.#running.ended
  }
}
