import { AsyncLocalStorage } from 'node:async_hooks'

type Stream = 'stdout' | 'stderr'

/**
 * Tells apart what several jobs in one process print: by the asynchronous context that writes. What is written past
 * Node's streams (by native code, by processes that a job starts) is not seen here and belongs to no job.
 */
export class SharedOutput {
  readonly #storage = new AsyncLocalStorage<number>()
  readonly #emit: (execution: number, stream: Stream, text: string) => void

  constructor(emit: (execution: number, stream: Stream, text: string) => void) {
    this.#emit = emit
    this.#redirect('stdout')
    this.#redirect('stderr')
  }

  /** The execution that the calling code belongs to. */
  get current(): number | undefined {
    return this.#storage.getStore()
  }

  enter<R>(execution: number, call: () => R): R {
    return this.#storage.run(execution, call)
  }

  #redirect(stream: Stream): void {
    const original = process[stream].write.bind(process[stream]) as (...args: unknown[]) => boolean
    process[stream].write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const execution = this.#storage.getStore()
      if (execution === undefined) return original(chunk, ...rest)
      this.#emit(execution, stream, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      const callback = rest.find((argument) => typeof argument === 'function') as ((error?: null) => void) | undefined
      if (callback) process.nextTick(callback)
      return true
    }) as typeof process.stdout.write
  }
}
