import type { CallPlace, RawProfile, WitnessReport } from '../../worker/isolation/profiling.ts'
import type { CallFrame } from '../v8.ts'

interface Known {
  readonly frame: CallFrame
  readonly lineNumber: number
  readonly endLine: number
  /** Witnessed fresh processes that called it. */
  coldProcesses: number
  /** Calls in all of those. */
  coldCalls: number
  /** Calls in the witnessed executions of used processes. */
  warmCalls: number
}

/** Of the calls in a fresh process. */
const LEAST_ALIKE = 0.8

/** Counted calls, in fresh processes and in used ones: what samples can only guess. */
export class CallFacts {
  readonly #functions = new Map<string, Known[]>()
  readonly openings: { readonly what: string; readonly stack: string }[] = []
  #coldProcesses = 0
  #warmExecutions = 0

  get coldProcesses(): number {
    return this.#coldProcesses
  }

  addCold(raw: RawProfile): void {
    this.#coldProcesses++
    const { calls, opened } = raw.profile as WitnessReport
    for (const call of calls) {
      const known = this.#known(call)
      known.coldProcesses++
      known.coldCalls += call.count
    }
    this.openings.push(...opened)
  }

  addWarm(raw: RawProfile): void {
    this.#warmExecutions += raw.executions.length
    for (const call of (raw.profile as WitnessReport).calls) this.#known(call).warmCalls += call.count
  }

  /** Share of fresh processes that call it; undefined where nothing is known of it. */
  coldShare(frame: CallFrame): number | undefined {
    const known = this.#find(frame)
    return known === undefined || this.#coldProcesses === 0 ? undefined : known.coldProcesses / this.#coldProcesses
  }

  warmCalls(frame: CallFrame): number | undefined {
    return this.#find(frame)?.warmCalls
  }

  /** False where a used process calls it clearly less often than a fresh one: it does not do the same work. */
  isCalledAlike(frame: CallFrame): boolean {
    const known = this.#find(frame)
    if (known === undefined || this.#coldProcesses === 0 || this.#warmExecutions === 0) return true
    const cold = known.coldCalls / this.#coldProcesses
    return known.warmCalls / this.#warmExecutions >= cold * LEAST_ALIKE
  }

  /** The function that a call was made in: the innermost of its name around the call. */
  functionAround({ functionName, url, lineNumber }: CallPlace): CallFrame | undefined {
    // Stacks name methods with their class.
    const name = functionName.split('.').at(-1) ?? ''
    const list = this.#functions.get(keyOf({ functionName: name, url })) ?? []
    return list
      .filter((known) => known.lineNumber <= lineNumber && lineNumber <= known.endLine)
      .toSorted((a, b) => b.lineNumber - a.lineNumber)[0]?.frame
  }

  /** The function's last line, from 0. */
  endLine(frame: CallFrame): number | undefined {
    return this.#find(frame)?.endLine
  }

  #known(frame: WitnessReport['calls'][number]): Known {
    const key = keyOf(frame)
    const list = this.#functions.get(key) ?? []
    this.#functions.set(key, list)
    let known = list.find(({ lineNumber }) => lineNumber === frame.lineNumber)
    if (known === undefined) {
      const { functionName, url, lineNumber, columnNumber } = frame
      known = {
        frame: { functionName, url, lineNumber, columnNumber },
        lineNumber,
        endLine: frame.endLine,
        coldProcesses: 0,
        coldCalls: 0,
        warmCalls: 0,
      }
      list.push(known)
    }
    return known
  }

  /** Coverage and profiles may take a function's beginning for a line apart. */
  #find(frame: CallFrame): Known | undefined {
    const list = this.#functions.get(keyOf(frame)) ?? []
    const distance = ({ lineNumber }: Known): number => Math.abs(lineNumber - frame.lineNumber)
    const nearest = list.toSorted((a, b) => distance(a) - distance(b))[0]
    return nearest !== undefined && distance(nearest) <= 1 ? nearest : undefined
  }
}

function keyOf({ functionName, url }: Pick<CallFrame, 'functionName' | 'url'>): string {
  return `${functionName === '(anonymous)' ? '' : functionName}\n${url}`
}
