import { type FSWatcher, watch } from 'node:fs'
import { dirname, relative } from 'node:path'
import { listSources } from './job-sources.ts'

/**
 * Tells when the text of a job module, or of what it imports, has changed. It watches folders, not files: editors put a new
 * file in the place of the old one. A row of changes is told once, when nothing more has come for `quietMs`.
 */
export class SourceWatch {
  readonly #modules: readonly string[]
  readonly #quietMs: number
  readonly #onChange: (files: readonly string[]) => void
  readonly #folders = new Map<string, FSWatcher>()
  #sources: Map<string, string>
  #timer: NodeJS.Timeout | undefined

  /** @param onChange with the files that are new, gone or different, relative to the current folder */
  constructor(modules: readonly string[], quietMs: number, onChange: (files: readonly string[]) => void) {
    this.#modules = modules
    this.#quietMs = quietMs
    this.#onChange = onChange
    this.#sources = listSources(modules)
  }

  /** Tells of what has changed since it was made, too. */
  start(): void {
    this.#look()
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), this.#quietMs)
  }

  #look(): void {
    const before = this.#sources
    const now = listSources(this.#modules)
    this.#sources = now
    this.#watchFolders([...before.keys(), ...now.keys(), ...this.#modules].map((file) => dirname(file)))
    const changed = [...new Set([...before.keys(), ...now.keys()])].filter((file) => before.get(file) !== now.get(file))
    if (changed.length > 0) this.#onChange(changed.map((file) => relative(process.cwd(), file)))
  }

  #watchFolders(folders: readonly string[]): void {
    const wanted = new Set(folders)
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue
      watcher.close()
      this.#folders.delete(folder)
    }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watchFolder(folder)
  }

  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#schedule())
      // The folder is gone: whoever looks next watches what is there then.
      watcher.on('error', () => {
        watcher.close()
        this.#folders.delete(folder)
      })
      this.#folders.set(folder, watcher)
    } catch (error) {
      // Moved away for a moment by a deploy; the next look comes with the next event of another folder.
      if ((error as { code?: string }).code !== 'ENOENT') throw error
    }
  }
}
