import type { Native, ThreadInfo } from './native.ts'

/** Threads that native modules start while they are loaded, by the file of the module. */
export class AddonTracker {
  readonly #threads = new Map<number, string>()
  readonly loaded: string[] = []

  constructor(native: Native) {
    const original = process.dlopen
    process.dlopen = (module: object, filename: string, ...flags: [number?]) => {
      const before = new Set(native.listThreads().map(({ tid }) => tid))
      // Node's own typing knows two forms; both are passed on as they came.
      ;(original as (...args: unknown[]) => void).call(process, module, filename, ...flags)
      this.loaded.push(filename)
      for (const { tid } of native.listThreads()) if (!before.has(tid)) this.#threads.set(tid, filename)
    }
  }

  /** Which native module is the likely owner of a thread. */
  explain(thread: ThreadInfo): string {
    const loader = this.#threads.get(thread.tid)
    if (loader) return `started by ${loader} while it was loaded`
    if (this.loaded.length === 0) return 'started by preload'
    return `started after loading; native modules loaded: ${this.loaded.join(', ')}`
  }
}
