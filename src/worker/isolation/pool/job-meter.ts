import { cpuMsOf, descendants } from '../fork/horse-meter.ts'
import { ownMemory } from './own-memory.ts'

/** What one job uses of a process that it has for itself, but not from its birth. */
export class JobMeter {
  readonly #pid: number
  readonly #memoryBefore: number
  readonly #cpuBefore: number

  /** The job is about to begin. */
  constructor(pid: number) {
    this.#pid = pid
    this.#memoryBefore = ownMemory(pid) ?? 0
    this.#cpuBefore = cpuMsOf(pid)
  }

  /** Undefined where there is no such process any more, or the system does not tell. */
  sample(): { readonly memoryBytes: number; readonly cpuMs: number } | undefined {
    const memory = ownMemory(this.#pid)
    if (memory === undefined) return undefined
    const ofChildren = descendants(this.#pid).reduce((sum, pid) => sum + (ownMemory(pid) ?? 0), 0)
    return {
      memoryBytes: Math.max(0, memory - this.#memoryBefore) + ofChildren,
      cpuMs: Math.max(0, cpuMsOf(this.#pid) - this.#cpuBefore),
    }
  }
}
