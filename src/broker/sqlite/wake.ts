import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs'

const BYTE = Buffer.from('.')

/**
 * A file that carries nothing: writing one byte to it wakes whoever watches it, in any process of this machine.
 * It is written after the commit whose news it tells, and listeners look into the database themselves; so a wake-up
 * for nothing does no harm, and one lost in between cannot happen to a listener that subscribed before it looked.
 */
export class WakeFile {
  readonly #path: string
  readonly #listeners = new Set<() => void>()
  #descriptor: number | undefined
  #watcher: FSWatcher | undefined
  #closed = false

  constructor(path: string) {
    this.#path = path
    this.#descriptor = openForWriting(path)
  }

  /** True where other processes cannot wake this one at once: no inotify, or all of its watches are taken. */
  get deaf(): boolean {
    return this.#listeners.size > 0 && this.#watcher === undefined
  }

  ring(): void {
    if (this.#closed) return
    try {
      this.#descriptor ??= openForWriting(this.#path)
      if (this.#descriptor !== undefined) writeSync(this.#descriptor, BYTE, 0, 1, 0)
    } catch {
      // A full disk must not undo what is committed; the slow check of the others finds it.
    }
    this.#tell()
  }

  /** Calls `listener` at each wake-up, until the function returned is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.#watcher ??= this.#watch()
    return () => {
      this.#listeners.delete(listener)
      // An open watcher keeps the process alive: none may stay when nobody waits.
      if (this.#listeners.size === 0) this.#unwatch()
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#listeners.clear()
    this.#unwatch()
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#path, () => this.#tell())
      watcher.on('error', () => this.#unwatch())
      return watcher
    } catch {
      return undefined
    }
  }

  #unwatch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

function openForWriting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o666)
  } catch {
    return undefined
  }
}
