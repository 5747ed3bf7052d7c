import { closeSync, openSync, readSync } from 'node:fs'
import type { AddonTracker } from './addon-tracker.ts'
import type { DescriptorInfo, Native } from './native.ts'
import { type OpenerTracker, resourceWords } from './opener-tracker.ts'

/** What preload and warm-up left behind. */
export interface Leftovers {
  /** Sentences; a zygote that has any must not fork. */
  readonly refusals: readonly string[]
  /** Sentences; harmless as a rule, worth knowing. */
  readonly warnings: readonly string[]
}

export type LeftoverKind =
  | 'timer'
  | 'socket'
  | 'server'
  | 'child-process'
  | 'thread'
  | 'watcher'
  | 'operation'
  | 'database'
  | 'file'
  | 'other'

/** One thing that was left behind. */
export interface Leftover {
  readonly kind: LeftoverKind
  /** A zygote that has it must not fork. */
  readonly isRefusal: boolean
  readonly text: string
  /** File, line and column, where that is known. */
  readonly openedAt?: string | undefined
  readonly remark?: string
  /** Its number, where it is known by one. */
  readonly descriptor?: number
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
    const leftovers = this.list()
    const sentences = (isRefusal: boolean): string[] => [
      ...new Set(leftovers.filter((leftover) => leftover.isRefusal === isRefusal).map(sentence)),
    ]
    return { refusals: sentences(true), warnings: sentences(false) }
  }

  list(): Leftover[] {
    const found: Leftover[] = []
    const active = countByWords(process.getActiveResourcesInfo())
    const explained = this.#openers.list()
    for (const resource of explained) {
      const words = resourceWords(resource.type)
      const left = active.get(words) ?? 0
      if (left > 0) active.set(words, left - 1)
      const isRefusal = left > 0 || (resource.holds && resource.type !== 'Immediate')
      const remark = isRefusal ? {} : { remark: 'unreferenced; it will tick in every horse too' }
      found.push({ ...opened(words), isRefusal, openedAt: resource.openedAt, ...remark })
    }
    for (const [words, count] of active) {
      for (let i = 0; i < count; i++) found.push({ ...opened(words), isRefusal: true })
    }
    return [...found, ...this.#listThreads(), ...this.#listDescriptors(explained.length > 0)]
  }

  #listThreads(): Leftover[] {
    const started = this.#native.listThreads().filter(({ tid }) => !this.#threads.has(tid))
    return started.map((thread) => ({
      kind: 'thread',
      isRefusal: true,
      text: `a thread is running ('${thread.name}', ${this.#addons.explain(thread)})`,
    }))
  }

  /** Descriptors that no handle of Node explains: opened by native code, or by fs and left open. */
  #listDescriptors(handlesExplain: boolean): Leftover[] {
    return this.#native.listDescriptors().flatMap((info): Leftover[] => {
      const { fd: descriptor, kind, target } = info
      if (this.#descriptors.has(descriptor)) return []
      if (kind === 'socket' && !handlesExplain) {
        return [{ kind: 'socket', isRefusal: true, descriptor, text: `a socket is open (descriptor ${descriptor})` }]
      }
      if (kind !== 'file') return []
      if (!isSqlite(info)) {
        const text = `the file ${target} is open; all horses share its position`
        return [{ kind: 'file', isRefusal: false, descriptor, text }]
      }
      const text = `the SQLite database ${target} is open; its handle would corrupt the file after a fork`
      return [{ kind: 'database', isRefusal: true, descriptor, text }]
    })
  }
}

/** In one line, for logs and errors. */
function sentence({ text, openedAt, remark }: Leftover): string {
  const place = openedAt === undefined ? '' : `, opened at ${openedAt}`
  return `${text}${place}${remark === undefined ? '' : ` (${remark})`}`
}

function opened(words: string): Pick<Leftover, 'kind' | 'text'> {
  return { kind: KINDS.find(([pattern]) => pattern.test(words))?.[1] ?? 'other', text: `${words} is open` }
}

/** By the words of opener-tracker.ts. */
const KINDS: readonly (readonly [RegExp, LeftoverKind])[] = [
  [/timer|setImmediate/, 'timer'],
  [/server|listening/, 'server'],
  [/socket|connection|pipe/, 'socket'],
  [/child process/, 'child-process'],
  [/thread|message port/, 'thread'],
  [/watcher/, 'watcher'],
  [/operation|lookup/, 'operation'],
]

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
