import type { CallPlace, Suspect, WitnessReport } from '../profiling.ts'
import type { InspectorSession } from './inspector-session.ts'
import { KnownValues } from './known-values.ts'

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
  /** Suspects by the breakpoint at their beginning. Several can begin at one place: a class, and its constructor or fields. */
  readonly #breakpoints = new Map<string, number[]>()
  readonly #hits = new Map<string, number>()
  #values = new KnownValues([])

  /** @param urls of scripts, by their ids */
  constructor(session: InspectorSession, suspects: readonly Suspect[], urls: ReadonlyMap<string, string>) {
    this.#session = session
    this.#urls = urls
    session.post('Debugger.setAsyncCallStackDepth', { maxDepth: AWAITS })
    session.on<Paused>('Debugger.paused', (paused) => this.#look(paused))
    for (const { at, indices } of placesOf(suspects)) {
      const { breakpointId } = session.post<{ breakpointId: string }>('Debugger.setBreakpointByUrl', at)
      this.#breakpoints.set(breakpointId, indices)
    }
  }

  learn(args: readonly unknown[]): void {
    this.#values = new KnownValues(args)
  }

  #look(paused: Paused): void {
    for (const breakpointId of paused.hitBreakpoints ?? []) {
      for (const suspect of this.#breakpoints.get(breakpointId) ?? []) this.#lookAt(suspect, paused)
      this.#countCall(breakpointId)
    }
  }

  #lookAt(suspect: number, paused: Paused): void {
    if (!this.callers.some((known) => known.suspect === suspect)) {
      this.callers.push({ suspect, stack: stackOf(paused, this.#urls) })
    }
    const scope = paused.callFrames[0]?.scopeChain.find(({ type }) => type === 'local')?.object.objectId
    if (scope === undefined || this.given.some((found) => found.suspect === suspect)) return
    const found = this.#searchVariables(scope)
    if (found !== undefined) this.given.push({ suspect, value: JSON.stringify(found) })
  }

  #countCall(breakpointId: string): void {
    const calls = (this.#hits.get(breakpointId) ?? 0) + 1
    this.#hits.set(breakpointId, calls)
    if (calls === MOST_CALLS) this.#session.post('Debugger.removeBreakpoint', { breakpointId })
  }

  /**
   * At its beginning a function's variables are its arguments. They are looked at where they are, by a function that V8 is told
   * to call: over the inspector's protocol, one large object would take seconds.
   */
  #searchVariables(objectId: string): unknown {
    let found: unknown
    const scope = globalThis as { [LOOK]?: (variables: object) => void }
    scope[LOOK] = (variables) => {
      found = this.#values.findIn(variables)
    }
    this.#session.post('Runtime.callFunctionOn', { objectId, functionDeclaration: CALL_LOOK })
    delete scope[LOOK]
    return found
  }
}

const LOOK = Symbol.for('workhorse.look')
const CALL_LOOK = "function () { globalThis[Symbol.for('workhorse.look')](this) }"

interface Place {
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/**
 * V8 refuses a second breakpoint at the same place. Where an arrow function begins, the assignment of it ends, and V8 would stop
 * there; one character further on is the function's own. The top level of a file begins before its first character.
 */
function placesOf(suspects: readonly Suspect[]): Iterable<{ readonly at: Place; readonly indices: number[] }> {
  const places = new Map<string, { readonly at: Place; readonly indices: number[] }>()
  suspects.forEach(({ url, lineNumber, columnNumber }, index) => {
    const at = { url, lineNumber, columnNumber: columnNumber > 0 ? columnNumber + 1 : 0 }
    const key = JSON.stringify(at)
    const known = places.get(key)
    if (known) known.indices.push(index)
    else places.set(key, { at, indices: [index] })
  })
  return places.values()
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
