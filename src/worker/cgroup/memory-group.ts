import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MemoryFiles } from './memory-files.ts'

/** A control group for one execution: the kernel lets it have so much memory, and kills it where it takes more. */
export class MemoryGroup {
  readonly #files: MemoryFiles
  readonly #folder: string

  /** @throws Error of the system where it cannot be made: nothing is left of it then */
  constructor(files: MemoryFiles, folder: string, bytes: number, make: (folder: string) => void = mkdirSync) {
    this.#files = files
    this.#folder = folder
    make(folder)
    try {
      this.#write(files.limit, String(bytes))
      this.#writeIfThere(files.swap, files.swapLimit(bytes))
      if (files.together !== undefined) this.#writeIfThere(files.together, '1')
    } catch (error) {
      rmdirSync(folder)
      throw error
    }
  }

  /**
   * Move a process into it; what it starts from then on is in it, too. What the process has used so far counts where it
   * was. Not synchronous: the kernel may wait for all processors here. @throws Error of the system
   */
  async admit(pid: number): Promise<void> {
    await writeFile(join(this.#folder, 'cgroup.procs'), String(pid))
  }

  /** The kernel has killed one of its processes, because the group was at its limit. */
  get hasKilled(): boolean {
    const events = this.#read(this.#files.events)
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0) > 0
  }

  /** False where a process is in it still: one that the job has left behind. */
  remove(): boolean {
    try {
      rmdirSync(this.#folder)
      return true
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === 'EBUSY') return false
      if (code === 'ENOENT') return true
      throw error
    }
  }

  #read(file: string): string {
    try {
      return readFileSync(join(this.#folder, file), 'utf8')
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error
      // Somebody has removed it.
      return ''
    }
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text)
  }

  #writeIfThere(file: string, text: string): void {
    if (existsSync(join(this.#folder, file))) this.#write(file, text)
  }
}
