import { closeSync, openSync, readSync } from 'node:fs'

/**
 * CPU of this thread alone, which is the one that is sampled. The kernel's figure for the whole process would count
 * libuv's pool and the sampler, too; it is what is left where the kernel does not keep the other.
 */
export class ThreadClock {
  readonly #file = openSchedstat()
  readonly #text = Buffer.alloc(64)

  /** Microseconds. */
  now(): number {
    // The file has what was up to date at the last tick, milliseconds ago. Asking for the usage makes the kernel look now.
    const { user, system } = process.cpuUsage()
    if (this.#file === undefined) return user + system
    const length = readSync(this.#file, this.#text, 0, this.#text.length, 0)
    return Number.parseInt(this.#text.toString('latin1', 0, length), 10) / 1000
  }

  /** A process that goes on needs its descriptor no more. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }
}

function openSchedstat(): number | undefined {
  try {
    return openSync('/proc/thread-self/schedstat', 'r')
  } catch {
    // A kernel without CONFIG_SCHED_INFO.
    return undefined
  }
}
