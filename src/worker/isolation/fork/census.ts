import { closeSync, openSync, readSync } from 'node:fs'
import type { AddonTracker } from './addon-tracker.ts'
import type { DescriptorInfo, Native } from './native.ts'
import { type OpenerTracker, type OpenResource, resourceWords } from './opener-tracker.ts'

/** What preload and warm-up left behind. */
export interface Leftovers {
  /** Sentences; a zygote that has any must not fork. */
  readonly refusals: readonly string[]
  /** Sentences; harmless as a rule, worth knowing. */
  readonly warnings: readonly string[]
}

/**
 * Takes stock before and after user code: whatever of threads, sockets, timers and child processes is new
 * would be shared, doubled or dead in every horse.
 */
export class Census {
  readonly #native: Native
  readonly #openers: OpenerTracker
  readonly #addons: AddonTracker
  readonly #threads: ReadonlySet<number>
  readonly #descriptors: ReadonlySet<number>

  constructor(native: Native, openers: OpenerTracker, addons: AddonTracker) {
    this.#native = native
    this.#openers = openers
    this.#addons = addons
    this.#threads = new Set(native.listThreads().map(({ tid }) => tid))
    this.#descriptors = new Set(native.listDescriptors().map(({ fd }) => fd))
  }

  take(): Leftovers {
    const refusals: string[] = []
    const warnings: string[] = []
    const active = countByWords(process.getActiveResourcesInfo())
    const explained = this.#openers.list()
    for (const resource of explained) {
      const words = resourceWords(resource.type)
      const sentence = `${words} is open${place(resource)}`
      const left = active.get(words) ?? 0
      if (left > 0) active.set(words, left - 1)
      if (left > 0 || (resource.holds && resource.type !== 'Immediate')) refusals.push(sentence)
      else warnings.push(`${sentence} (unreferenced; it will tick in every horse too)`)
    }
    for (const [words, count] of active) {
      for (let i = 0; i < count; i++) refusals.push(`${words} is open`)
    }
    this.#takeThreads(refusals)
    this.#takeDescriptors(refusals, warnings, explained.length > 0)
    return { refusals: [...new Set(refusals)], warnings: [...new Set(warnings)] }
  }

  #takeThreads(refusals: string[]): void {
    for (const thread of this.#native.listThreads()) {
      if (this.#threads.has(thread.tid)) continue
      refusals.push(`a thread is running ('${thread.name}', ${this.#addons.explain(thread)})`)
    }
  }

  /** Descriptors that no handle of Node explains: opened by native code, or by fs and left open. */
  #takeDescriptors(refusals: string[], warnings: string[], handlesExplain: boolean): void {
    for (const descriptor of this.#native.listDescriptors()) {
      if (this.#descriptors.has(descriptor.fd)) continue
      if (descriptor.kind === 'socket' && !handlesExplain)
        refusals.push(`a socket is open (descriptor ${descriptor.fd})`)
      if (descriptor.kind !== 'file') continue
      if (isSqlite(descriptor)) {
        refusals.push(
          `the SQLite database ${descriptor.target} is open; its handle would corrupt the file after a fork`,
        )
      } else {
        warnings.push(`the file ${descriptor.target} is open; all horses share its position`)
      }
    }
  }
}

function place(resource: OpenResource): string {
  return resource.openedAt ? `, opened at ${resource.openedAt}` : ''
}

function countByWords(types: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const type of types) {
    const words = resourceWords(type)
    counts.set(words, (counts.get(words) ?? 0) + 1)
  }
  return counts
}

const SQLITE_MAGIC = 'SQLite format 3\u0000'

function isSqlite(descriptor: DescriptorInfo): boolean {
  // The -wal and -shm files beside it are named by the database itself.
  if (/-(wal|shm|journal)$/.test(descriptor.target)) return true
  const head = Buffer.alloc(SQLITE_MAGIC.length)
  let file: number
  try {
    file = openSync(`/proc/self/fd/${descriptor.fd}`, 'r')
  } catch {
    // Unlinked and unreadable files cannot be judged; they are reported as files.
    return false
  }
  try {
    readSync(file, head, 0, head.length, 0)
  } finally {
    closeSync(file)
  }
  return head.toString('latin1') === SQLITE_MAGIC
}
