import { closeSync, fstatSync, ftruncateSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { Native } from './native.ts'

/** How to make such files: the native addon, or what stands in for it. */
export type OutputFiles = Pick<Native, 'memoryFile' | 'discard'>

const TAIL_BYTES = 4096
/** All files share it: what was read becomes text at once. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024)

/**
 * A horse's standard output or error: an in-memory file that the horse and everything it spawns append to.
 * A file and not a pipe, because a write to a file is there at once, whole, even if the writer is killed by the next
 * instruction; because it can never block the job; and because it costs the supervisor no socket per job.
 */
export class OutputFile {
  /** Passed to the horse. */
  readonly descriptor: number
  readonly #files: OutputFiles
  readonly #decoder = new StringDecoder('utf8')
  #position = 0
  #tail = ''

  constructor(files: OutputFiles, name: string) {
    this.#files = files
    this.descriptor = files.memoryFile(name)
  }

  /** What was written since the last call. @param upTo no further than this position */
  read(upTo = Number.POSITIVE_INFINITY): string {
    const begin = this.#position
    // Mostly there is nothing, and one call that finds so is all that this costs.
    const first = this.#readSome(upTo)
    if (first === undefined) return ''
    const parts = [first]
    // No further than to where it ends now: who prints without end would never let us go.
    const end = Math.min(this.size, upTo)
    while (this.#position < end) {
      const more = this.#readSome(end)
      // Cut off by its own writer.
      if (more === undefined) break
      parts.push(more)
    }
    this.#files.discard(this.descriptor, begin, this.#position - begin)
    const text = parts.join('')
    this.#tail = (this.#tail + text).slice(-TAIL_BYTES)
    return text
  }

  #readSome(end: number): string | undefined {
    const most = Math.min(buffer.length, end - this.#position)
    if (most <= 0) return undefined
    const got = readSync(this.descriptor, buffer, 0, most, this.#position)
    if (got === 0) return undefined
    this.#position += got
    return this.#decoder.write(buffer.subarray(0, got))
  }

  /** Begin anew, while nobody writes: frees a file of which parts cannot be freed. */
  rewind(): void {
    ftruncateSync(this.descriptor, 0)
    this.#position = 0
  }

  /** Bytes written since the beginning. */
  get size(): number {
    return fstatSync(this.descriptor).size
  }

  /** Bytes read since the beginning. */
  get position(): number {
    return this.#position
  }

  /** The next job's: what was printed before is no longer part of the tail. */
  forgetTail(): void {
    this.#tail = ''
  }

  /** The last of all that was read so far. */
  get tail(): string {
    return this.#tail
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
