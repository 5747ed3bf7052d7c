import { closeSync, fstatSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { Native } from './native.ts'

const READ_BYTES = 256 * 1024
const TAIL_BYTES = 4096

/**
 * A horse's standard output or error: an in-memory file that the horse and everything it spawns append to.
 * A file and not a pipe, because a write to a file is there at once, whole, even if the writer is killed by the next
 * instruction; because it can never block the job; and because it costs the supervisor no socket per job.
 */
export class OutputFile {
  /** Passed to the horse. */
  readonly descriptor: number
  readonly #native: Native
  readonly #decoder = new StringDecoder('utf8')
  #position = 0
  #tail = ''

  constructor(native: Native, name: string) {
    this.#native = native
    this.descriptor = native.memoryFile(name)
  }

  /** What was written since the last call. */
  read(): string {
    const { size } = fstatSync(this.descriptor)
    if (size === this.#position) return ''
    const parts: string[] = []
    const buffer = Buffer.allocUnsafe(Math.min(size - this.#position, READ_BYTES))
    const begin = this.#position
    while (this.#position < size) {
      const got = readSync(this.descriptor, buffer, 0, Math.min(buffer.length, size - this.#position), this.#position)
      if (got === 0) break
      this.#position += got
      parts.push(this.#decoder.write(buffer.subarray(0, got)))
    }
    this.#native.discard(this.descriptor, begin, this.#position - begin)
    const text = parts.join('')
    this.#tail = (this.#tail + text).slice(-TAIL_BYTES)
    return text
  }

  /** The last of all that was read so far. */
  get tail(): string {
    return this.#tail
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
