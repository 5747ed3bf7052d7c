import { readdirSync, readFileSync } from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Census, Leftover } from './census.ts'
import { captureStack, placeOf } from './opener-tracker.ts'

/** What a trial has seen of an application's preload. Only trials load this module: watching costs a stack for each opening. */
export interface ForkInspection {
  readonly leftovers: readonly Leftover[]
  readonly addons: readonly LoadedAddon[]
  readonly loadMs: number
  readonly warmUpMs: number
}

export interface LoadedAddon {
  readonly file: string
  /** Where the application has asked for it. */
  readonly loadedAt: string | undefined
}

/** Notes where files are opened and native modules are loaded, before any user code is. */
export class InspectionWatch {
  /** By descriptor; one that is closed and given out anew is overwritten, for whoever opens it is noted again. */
  readonly #files = new Map<number, string>()
  readonly #addons: { readonly file: string; readonly stack: string }[] = []

  start(): void {
    const fs = createRequire(import.meta.url)('node:fs') as Record<string, (...args: unknown[]) => unknown>
    this.#watchSync(fs, 'openSync')
    this.#watchCallback(fs, 'open')
    this.#watchPromise(fs['promises'] as unknown as typeof fs)
    syncBuiltinESMExports()
    const original = process.dlopen
    process.dlopen = (module: object, file: string, ...flags: [number?]) => {
      this.#addons.push({ file, stack: captureStack() })
      // Node's own typing knows two forms; both are passed on as they came.
      ;(original as (...args: unknown[]) => void).call(process, module, file, ...flags)
    }
  }

  report(census: Census, took: { readonly loadMs: number; readonly warmUpMs: number }): ForkInspection {
    const leftovers = census.list().map((leftover) => this.#withOpener(leftover))
    const addons = this.#addons.map(({ file, stack }) => ({ file, loadedAt: placeOf(stack) }))
    return { leftovers: [...leftovers, ...strangers(leftovers)], addons, loadMs: took.loadMs, warmUpMs: took.warmUpMs }
  }

  #withOpener(leftover: Leftover): Leftover {
    const stack = leftover.descriptor === undefined ? undefined : this.#files.get(leftover.descriptor)
    return stack === undefined || leftover.openedAt !== undefined ? leftover : { ...leftover, openedAt: placeOf(stack) }
  }

  #watchSync(fs: Record<string, (...args: unknown[]) => unknown>, name: string): void {
    const original = fs[name] as (...args: unknown[]) => unknown
    fs[name] = (...args) => {
      const descriptor = original.apply(fs, args)
      this.#files.set(descriptor as number, captureStack())
      return descriptor
    }
  }

  #watchCallback(fs: Record<string, (...args: unknown[]) => unknown>, name: string): void {
    const original = fs[name] as (...args: unknown[]) => unknown
    fs[name] = (...args) => {
      const stack = captureStack()
      const callback = args.pop() as (error: unknown, descriptor: number) => void
      return original.call(fs, ...args, (error: unknown, descriptor: number) => {
        if (error === null) this.#files.set(descriptor, stack)
        callback(error, descriptor)
      })
    }
  }

  #watchPromise(promises: Record<string, (...args: unknown[]) => unknown>): void {
    const original = promises['open'] as (...args: unknown[]) => Promise<{ readonly fd: number }>
    promises['open'] = async (...args) => {
      const stack = captureStack()
      const handle = await original.apply(promises, args)
      this.#files.set(handle.fd, stack)
      return handle
    }
  }
}

/** Child processes that Node knows nothing of: native code has started them. */
function strangers(known: readonly Leftover[]): Leftover[] {
  const own = known.filter(({ kind }) => kind === 'child-process').length
  return childrenOf()
    .slice(own)
    .map((pid) => ({ kind: 'child-process', isRefusal: true, text: `a child process is running (pid ${pid})` }))
}

function childrenOf(): string[] {
  try {
    const lists = readdirSync('/proc/self/task').map((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'latin1'),
    )
    return lists.flatMap((list) => list.split(' ').filter((pid) => pid !== ''))
  } catch {
    // The kernel was built without CONFIG_PROC_CHILDREN.
    return []
  }
}
