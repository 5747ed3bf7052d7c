import type { Printed, PrintedSpan } from './messages.ts'
import type { PoolProcess } from './pool-process.ts'

const MOST_BYTES = 16 * 1024 * 1024

export interface ChildOutputHooks {
  /** Whether all that was printed so far is of jobs that are known to have begun. */
  isUpToDate(): boolean
  /** @param isLeftOver printed while no job ran */
  emit(stream: 'stdout' | 'stderr', text: string, isLeftOver: boolean): void
}

/** What a pool child prints, as the supervisor reads it. */
export class ChildOutput {
  readonly #process: PoolProcess
  readonly #hooks: ChildOutputHooks

  constructor(process: PoolProcess, hooks: ChildOutputHooks) {
    this.#process = process
    this.#hooks = hooks
  }

  /** Pass on what was printed so far; not what may be of a job that the child has begun meanwhile. */
  drain(): void {
    const sizes: Printed = [this.#process.stdout.size, this.#process.stderr.size]
    if (this.#hooks.isUpToDate()) this.#read(sizes, false)
  }

  /** A job has ended that has printed so much; undefined where nothing was printed since the last. */
  drainSpan(printed: PrintedSpan | undefined): void {
    if (printed === undefined) return
    this.#read(printed.from, true)
    this.#read(printed.to, false)
  }

  #read(upTo: Printed, isLeftOver: boolean): void {
    const stdout = this.#process.stdout.read(upTo[0])
    const stderr = this.#process.stderr.read(upTo[1])
    if (stdout !== '') this.#hooks.emit('stdout', stdout, isLeftOver)
    if (stderr !== '') this.#hooks.emit('stderr', stderr, isLeftOver)
  }

  /** The last that it has complained of, since its job began. */
  get complaint(): string {
    return this.#process.stderr.tail
  }

  /** What the next job prints is another story. @param isFree no job runs in it */
  jobEnded(isFree: boolean): void {
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      output.forgetTail()
      if (isFree && output.position > MOST_BYTES) output.rewind()
    }
  }

  close(): void {
    this.#process.stdout.close()
    this.#process.stderr.close()
  }
}
