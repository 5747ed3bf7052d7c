import { readdirSync, readlinkSync } from 'node:fs'

type Report = (what: string) => void

/**
 * What native code opens: Node knows nothing of it. In a zygote whose horses are to be witnessed, each function that a
 * native module exports looks before and after a call whether there is a descriptor or a thread more.
 */
class AddonOpenings {
  #report: Report | undefined

  /** Before any user code is loaded. */
  install(): void {
    const original = process.dlopen
    process.dlopen = (module: object, filename: string, ...flags: [number?]) => {
      // Node's own typing knows two forms; both are passed on as they came.
      ;(original as (...args: unknown[]) => void).call(process, module, filename, ...flags)
      const holder = module as { exports: Record<string, unknown> }
      holder.exports = this.#watched(holder.exports, filename)
    }
  }

  /** In a horse. */
  begin(report: Report): void {
    this.#report = report
  }

  #watched(exported: Record<string, unknown>, filename: string): Record<string, unknown> {
    const watched: Record<string, unknown> = {}
    for (const name of Object.keys(exported)) {
      const value = exported[name]
      watched[name] = typeof value === 'function' ? this.#watch(value, filename) : value
    }
    return watched
  }

  #watch(native: object, filename: string): unknown {
    const around = <R>(call: () => R): R => this.#around(call, filename)
    return new Proxy(native as (...args: unknown[]) => object, {
      apply: (target, receiver, args) => around(() => Reflect.apply(target, receiver, args)),
      construct: (target, args, newTarget) => around(() => Reflect.construct(target, args, newTarget)),
    })
  }

  #around<R>(call: () => R, filename: string): R {
    const report = this.#report
    if (report === undefined) return call()
    const before = stock()
    const result = call()
    for (const [key, what] of stock()) if (!before.has(key)) report(`${what} (by ${filename})`)
    return result
  }
}

export const addonOpenings = new AddonOpenings()

/** Open descriptors and threads, each with what it is in words. */
function stock(): Map<string, string> {
  const stock = new Map<string, string>()
  for (const fd of readdirSync('/proc/self/fd')) {
    const target = readLink(`/proc/self/fd/${fd}`)
    if (target === undefined || target.startsWith('/proc/')) continue
    stock.set(`fd ${fd} ${target}`, target.startsWith('socket:') ? 'a socket' : `the file ${target}`)
  }
  for (const task of readdirSync('/proc/self/task')) stock.set(`task ${task}`, 'a thread')
  return stock
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    // The listing's own descriptor is gone by now.
    return undefined
  }
}
