import { type AsyncHook, createHook } from 'node:async_hooks'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { addonOpenings } from './addon-openings.ts'
import { RESOURCE_WORDS, resourceWords } from './opener-tracker.ts'

interface Opening {
  readonly what: string
  readonly stack: string
  /** Of async_hooks; undefined for what cannot be closed again, such as a drawn random number. */
  readonly resource?: WeakRef<object>
}

const WATCHED = new Set(
  Object.keys(RESOURCE_WORDS)
    .filter((type) => !/^(Immediate|FSREQ|GETADDRINFO|TTYWRAP)/.test(type))
    .map((type) => type.toUpperCase()),
)

/**
 * Notes what a job opens that must not be carried over a fork, each with the stack of its opening. What is closed again
 * before the end does no harm and is not told.
 */
export class OpeningWatch {
  readonly #openings = new Map<number, Opening>()
  readonly #others: Opening[] = []
  /** By descriptor: files that are not closed yet. */
  readonly #files = new Map<number, Opening>()
  #hook: AsyncHook | undefined
  #isOn = false

  start(): void {
    this.#isOn = true
    this.#hook = createHook({
      init: (id, type, _trigger, resource) => {
        if (!WATCHED.has(type.toUpperCase()) && !/SOCKETWRAP$/i.test(type)) return
        this.#openings.set(id, { what: resourceWords(type), stack: captureStack(), resource: new WeakRef(resource) })
      },
      destroy: (id) => {
        this.#openings.delete(id)
      },
    }).enable()
    this.#watchRandomness()
    this.#watchFiles()
    addonOpenings.begin((what) => this.#note(what))
  }

  forget(): void {
    this.#openings.clear()
    this.#others.length = 0
    this.#files.clear()
  }

  stop(): { what: string; stack: string }[] {
    this.#isOn = false
    this.#hook?.disable()
    const open = [...this.#openings.values()].filter(({ resource }) => {
      const target = resource?.deref() as { _destroyed?: boolean } | undefined
      return target !== undefined && target._destroyed !== true
    })
    return [...open, ...this.#files.values(), ...this.#others].map(({ what, stack }) => ({ what, stack }))
  }

  #note(what: string): void {
    if (this.#isOn) this.#others.push({ what, stack: captureStack() })
  }

  /** What is drawn before the fork is the same in every horse. */
  #watchRandomness(): void {
    const random = Math.random
    Math.random = () => {
      this.#note('a random number')
      return random()
    }
    const crypto = createRequire(import.meta.url)('node:crypto') as Record<string, (...args: unknown[]) => unknown>
    for (const name of [
      'randomBytes',
      'randomUUID',
      'randomInt',
      'randomFillSync',
      'generateKeyPairSync',
      'generateKeySync',
    ]) {
      this.#watchCall(crypto, name, () => 'a random value')
    }
    syncBuiltinESMExports()
  }

  /** A file that is made only where it is not there yet is a lock. */
  #watchFiles(): void {
    const fs = createRequire(import.meta.url)('node:fs') as Record<string, (...args: unknown[]) => unknown>
    for (const name of ['openSync', 'open', 'writeFileSync', 'writeFile']) {
      this.#watchCall(fs, name, (args) => (args.some(isExclusive) ? `a lock file (${String(args[0])})` : undefined))
    }
    this.#watchOpenFiles(fs)
    syncBuiltinESMExports()
  }

  /** Processes that share an open file share its position, too. */
  #watchOpenFiles(fs: Record<string, (...args: unknown[]) => unknown>): void {
    const { openSync, closeSync, close } = fs as unknown as typeof import('node:fs')
    fs['openSync'] = (...args) => {
      const file = openSync(...(args as Parameters<typeof openSync>))
      if (this.#isOn) this.#files.set(file, { what: `a file (${String(args[0])})`, stack: captureStack() })
      return file
    }
    fs['closeSync'] = (file) => {
      this.#files.delete(file as number)
      return closeSync(file as number)
    }
    fs['close'] = (file, ...rest) => {
      this.#files.delete(file as number)
      return close(file as number, ...(rest as []))
    }
  }

  #watchCall(
    module: Record<string, (...args: unknown[]) => unknown>,
    name: string,
    judge: (args: readonly unknown[]) => string | undefined,
  ): void {
    const original = module[name]
    if (original === undefined) return
    module[name] = (...args) => {
      const what = judge(args)
      if (what !== undefined) this.#note(what)
      return original.apply(module, args)
    }
  }
}

function isExclusive(argument: unknown): boolean {
  const flag = typeof argument === 'object' && argument !== null ? (argument as { flag?: unknown }).flag : argument
  return typeof flag === 'string' && /^(w|a)x\+?$/.test(flag)
}

function captureStack(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  const { stack } = new Error()
  Error.stackTraceLimit = limit
  return stack ?? ''
}
