import type { PoolProcess } from './pool-process.ts'

const MOST_BYTES = 16 * 1024 * 1024

/** What a pool child prints, as the supervisor reads it. */
export class ChildOutput {
  readonly #process: PoolProcess
  readonly #emit: (stream: 'stdout' | 'stderr', text: string) => void

  constructor(process: PoolProcess, emit: (stream: 'stdout' | 'stderr', text: string) => void) {
    this.#process = process
    this.#emit = emit
  }

  /** Pass on what was printed so far. */
  drain(): void {
    const stdout = this.#process.stdout.read()
    const stderr = this.#process.stderr.read()
    if (stdout !== '') this.#emit('stdout', stdout)
    if (stderr !== '') this.#emit('stderr', stderr)
  }

  /** The last that it has complained of, since it was last free. */
  get complaint(): string {
    return this.#process.stderr.tail
  }

  /** No job runs in it: what the next one prints is another story. */
  becameFree(): void {
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      output.forgetTail()
      if (output.position > MOST_BYTES) output.rewind()
    }
  }

  close(): void {
    this.#process.stdout.close()
    this.#process.stderr.close()
  }
}
