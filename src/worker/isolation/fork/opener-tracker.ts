import { createHook } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'

/** A resource that is still open, and where it was opened, as far as that is known. */
export interface OpenResource {
  /** async_hooks' name of its type, for example `Timeout` or `TCPWRAP`. */
  readonly type: string
  readonly openedAt: string | undefined
  /** False for one that would not keep a process alive, such as an unref()ed timer. */
  readonly holds: boolean
}

/** Types that must not live over a fork, in words. */
export const RESOURCE_WORDS: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  Immediate: 'a setImmediate',
  TCPWRAP: 'a TCP socket',
  TCPSERVERWRAP: 'a listening TCP server',
  TCPCONNECTWRAP: 'a TCP connection attempt',
  PIPEWRAP: 'a pipe or Unix socket',
  PIPESERVERWRAP: 'a listening Unix socket',
  UDPWRAP: 'a UDP socket',
  TTYWRAP: 'a terminal stream',
  PROCESSWRAP: 'a child process',
  WORKER: 'a worker thread',
  MESSAGEPORT: 'a message port',
  FSEVENTWRAP: 'a file watcher',
  STATWATCHER: 'a file watcher',
  GETADDRINFOREQWRAP: 'a DNS lookup',
  FSREQCALLBACK: 'a file operation',
  FSREQPROMISE: 'a file operation',
}

interface Tracked {
  readonly type: string
  readonly stack: string
  readonly resource: WeakRef<object>
}

/**
 * Remembers who opens what while preload runs, so that a refusal to fork can name the file.
 * Costs a stack trace per opened resource, hence switched off before the first job.
 */
export class OpenerTracker {
  readonly #open = new Map<number, Tracked>()
  /** By the id of async_hooks: also of what only leads to others, such as a callback. */
  readonly #places = new Map<number, string>()
  readonly #isDeep: boolean
  readonly #hook = createHook({
    init: (id, type, trigger, resource) => {
      if (this.#isDeep) this.#follow(id, type, trigger)
      if (type === 'PROMISE' || !(type.toUpperCase() in WORDS_BY_UPPERCASE)) return
      this.#open.set(id, { type, stack: captureStack(), resource: new WeakRef(resource) })
    },
    destroy: (id) => {
      this.#open.delete(id)
    },
  })

  /** @param isDeep follow callbacks back to who has asked for them; only a trial has the time */
  constructor(isDeep = false) {
    this.#isDeep = isDeep
  }

  start(): void {
    this.#hook.enable()
  }

  stop(): void {
    this.#hook.disable()
  }

  /** What was opened since `start` and is open still. */
  list(): OpenResource[] {
    const open: OpenResource[] = []
    for (const [id, { type, stack, resource }] of this.#open) {
      const target = resource.deref() as { _destroyed?: boolean; hasRef?: () => boolean } | undefined
      if (target === undefined || target._destroyed === true) continue
      open.push({ type, openedAt: placeOf(stack) ?? this.#places.get(id), holds: target.hasRef?.() ?? true })
    }
    return open
  }

  #follow(id: number, type: string, trigger: number): void {
    if (type === 'PROMISE') return
    const place = placeOf(captureStack()) ?? this.#places.get(trigger)
    if (place !== undefined) this.#places.set(id, place)
  }
}

const WORDS_BY_UPPERCASE = Object.fromEntries(
  Object.entries(RESOURCE_WORDS).map(([type, words]) => [type.toUpperCase(), words]),
)

/** What a resource is, for people: Node spells its types in two ways. */
export function resourceWords(type: string): string {
  const upper = type.toUpperCase()
  return WORDS_BY_UPPERCASE[upper] ?? WORDS_BY_UPPERCASE[upper.replace(/SOCKETWRAP$/, 'WRAP')] ?? `a ${type}`
}

export function captureStack(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 40
  const { stack } = new Error()
  Error.stackTraceLimit = limit
  return stack ?? ''
}

/** The application's frame that opened it; where only libraries are on the stack, the outermost of those. */
export function placeOf(stack: string): string | undefined {
  const places = stack
    .split('\n')
    .map((line) => /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]+:\d+:\d+)\)?$/.exec(line)?.[1])
    .filter((place): place is string => place !== undefined && !place.includes(OWN_FOLDER))
    .map((place) => (place.startsWith('file://') ? fileURLToPath(place) : place))
  return places.find((place) => !place.includes('/node_modules/')) ?? places.at(-1)
}

/** This package's own compiled code is never the opener. */
const OWN_FOLDER = new URL('../../', import.meta.url).pathname.replace(/\/$/, '/')
