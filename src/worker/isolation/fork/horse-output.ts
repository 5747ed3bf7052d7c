import type { ExecutionObserver } from '../isolation.ts'
import type { Native } from './native.ts'
import { OutputFile } from './output-file.ts'

/** What a horse prints, passed on while it runs. What is beyond the limit of its job is dropped. */
export class HorseOutput {
  readonly #stdout: OutputFile
  readonly #stderr: OutputFile
  #bytes = 0
  #closed = false

  constructor(native: Native) {
    this.#stdout = new OutputFile(native, 'workhorse-stdout')
    this.#stderr = new OutputFile(native, 'workhorse-stderr')
  }

  get descriptors(): readonly [stdout: number, stderr: number] {
    return [this.#stdout.descriptor, this.#stderr.descriptor]
  }

  /** Printed so far, and read. */
  get bytes(): number {
    return this.#bytes
  }

  /** The last of its standard error. */
  get tail(): string {
    return this.#stderr.tail
  }

  drain(observer: ExecutionObserver, limitBytes = Number.POSITIVE_INFINITY): void {
    if (this.#closed) return
    const stdout = this.#stdout.read()
    const stderr = this.#stderr.read()
    this.#pass(observer, 'stdout', stdout, limitBytes)
    this.#pass(observer, 'stderr', stderr, limitBytes)
  }

  /** It may be there before anybody notices that it is too much. */
  #pass(observer: ExecutionObserver, stream: 'stdout' | 'stderr', text: string, limitBytes: number): void {
    if (text === '') return
    const left = limitBytes - this.#bytes
    const bytes = Buffer.byteLength(text)
    this.#bytes += bytes
    if (left > 0) observer.output(stream, bytes <= left ? text : Buffer.from(text).toString('utf8', 0, left))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stdout.close()
    this.#stderr.close()
  }
}
