import type { CallPlace, Suspect, WitnessReport } from '../profiling.ts'
import type { InspectorSession } from './inspector-session.ts'

interface AsyncStack {
  readonly callFrames: readonly { readonly functionName: string; readonly url: string; readonly lineNumber: number }[]
  readonly parent?: AsyncStack
}

interface Paused {
  readonly hitBreakpoints?: readonly string[]
  readonly asyncStackTrace?: AsyncStack
  readonly callFrames: readonly {
    readonly functionName: string
    readonly location: { readonly scriptId: string; readonly lineNumber: number }
    readonly scopeChain: readonly { readonly type: string; readonly object: { readonly objectId?: string } }[]
  }[]
}

interface RemoteObject {
  readonly type: string
  readonly value?: unknown
  readonly objectId?: string
}

const DEPTH = 4
/** Calls of a suspect that are looked at. Those of a hot function would take minutes. */
const MOST_CALLS = 20
const AWAITS = 32

/**
 * Looks into the arguments of suspects as they are called, and compares them with the job's: what is given one of them
 * does something for this job, not for all. The session is on the same thread, so a breakpoint does not stop anything:
 * it is told, answered, and gone on from.
 */
export class ArgumentWatch {
  readonly given: WitnessReport['given'][number][] = []
  readonly callers: WitnessReport['callers'][number][] = []
  readonly #session: InspectorSession
  readonly #urls: ReadonlyMap<string, string>
  readonly #breakpoints = new Map<string, number>()
  readonly #seen = new Map<number, number>()
  #values: ReadonlySet<unknown> = new Set()

  /** @param urls of scripts, by their ids */
  constructor(session: InspectorSession, suspects: readonly Suspect[], urls: ReadonlyMap<string, string>) {
    this.#session = session
    this.#urls = urls
    session.post('Debugger.setAsyncCallStackDepth', { maxDepth: AWAITS })
    session.on<Paused>('Debugger.paused', (paused) => this.#look(paused))
    suspects.forEach(({ url, lineNumber, columnNumber }, index) => {
      const at = { url, lineNumber, columnNumber: Math.max(0, columnNumber) }
      const { breakpointId } = session.post<{ breakpointId: string }>('Debugger.setBreakpointByUrl', at)
      this.#breakpoints.set(breakpointId, index)
    })
  }

  learn(args: readonly unknown[]): void {
    const values = new Set<unknown>()
    for (const argument of args) collect(argument, DEPTH, values)
    this.#values = values
  }

  /** Suspects that begin at the same place are hit together. */
  #look(paused: Paused): void {
    for (const breakpointId of paused.hitBreakpoints ?? []) {
      const suspect = this.#breakpoints.get(breakpointId)
      if (suspect === undefined) continue
      this.#countCall(suspect, breakpointId)
      this.#lookAt(suspect, paused)
    }
  }

  #lookAt(suspect: number, paused: Paused): void {
    if (!this.callers.some((known) => known.suspect === suspect)) {
      this.callers.push({ suspect, stack: stackOf(paused, this.#urls) })
    }
    const scope = paused.callFrames[0]?.scopeChain.find(({ type }) => type === 'local')?.object.objectId
    if (scope === undefined || this.given.some((found) => found.suspect === suspect)) return
    const { result } = this.#properties(scope)
    for (const { value } of result) {
      const found = value && this.#find(value, DEPTH)
      if (found === undefined) continue
      this.given.push({ suspect, value: JSON.stringify(found) })
      return
    }
  }

  #countCall(suspect: number, breakpointId: string): void {
    const calls = (this.#seen.get(suspect) ?? 0) + 1
    this.#seen.set(suspect, calls)
    if (calls === MOST_CALLS) this.#session.post('Debugger.removeBreakpoint', { breakpointId })
  }

  #find(value: RemoteObject, depth: number): unknown {
    if (this.#values.has(value.value) && value.value !== undefined) return value.value
    if (value.type !== 'object' || value.objectId === undefined || depth === 0) return undefined
    for (const property of this.#properties(value.objectId).result.slice(0, 50)) {
      const found = property.value && this.#find(property.value, depth - 1)
      if (found !== undefined) return found
    }
    return undefined
  }

  #properties(objectId: string): { result: readonly { name: string; value?: RemoteObject }[] } {
    return this.#session.post('Runtime.getProperties', { objectId, ownProperties: true })
  }
}

/** The callers of the paused function, and theirs over awaits. */
function stackOf({ callFrames, asyncStackTrace }: Paused, urls: ReadonlyMap<string, string>): CallPlace[] {
  const stack: CallPlace[] = callFrames.slice(1).map(({ functionName, location }) => {
    const { scriptId, lineNumber } = location
    return { functionName, url: urls.get(scriptId) ?? '', lineNumber }
  })
  for (let part = asyncStackTrace; part !== undefined; part = part.parent) {
    for (const { functionName, url, lineNumber } of part.callFrames) stack.push({ functionName, url, lineNumber })
  }
  return stack
}

/** Strings and numbers that say something: by an empty text, 0, 1, true or null nothing can be recognised. */
function collect(value: unknown, depth: number, into: Set<unknown>): void {
  if (typeof value === 'string' && value !== '') into.add(value)
  if (typeof value === 'number' && Math.abs(value) > 1) into.add(value)
  if (typeof value !== 'object' || value === null || depth === 0) return
  for (const inner of Object.values(value)) collect(inner, depth - 1, into)
}
