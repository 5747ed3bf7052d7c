import type {
  CallPlace,
  CountedFunction,
  CountedRange,
  RawProfile,
  WitnessReport,
} from '../../worker/isolation/profiling.ts'
import type { CallFrame } from '../v8.ts'
import { flatten, onlyColdShare, repeatedShare } from './counted-parts.ts'

interface Known {
  readonly frame: CallFrame
  readonly lineNumber: number
  readonly endLine: number
  /** Its characters in the file. */
  readonly span: CountedRange
  /** What of it has run, in each fresh process and in each used one. */
  readonly coldParts: CountedRange[][]
  readonly warmParts: CountedRange[][]
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
      known.coldParts.push(flatten(call.ranges))
    }
    this.openings.push(...opened)
  }

  addWarm(raw: RawProfile): void {
    this.#warmExecutions += raw.executions.length
    for (const call of (raw.profile as WitnessReport).calls) {
      const known = this.#known(call)
      known.warmCalls += call.count
      known.warmParts.push(flatten(call.ranges))
    }
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

  /**
   * Of the code that it runs in a fresh process, the share that it never runs in a used one: high where it makes
   * something at its first call and keeps it. 0 to 1; the least of all fresh processes.
   */
  onlyColdShare(frame: CallFrame): number {
    const known = this.#find(frame)
    if (known === undefined || known.coldParts.length === 0) return 0
    return Math.min(...known.coldParts.map((parts) => onlyColdShare(parts, known.warmParts)))
  }

  /** False where a used process does again what it did, but for some executions only. */
  worksAlike(frame: CallFrame): boolean {
    const known = this.#find(frame)
    const [cold, warm] = [known?.coldParts[0], known?.warmParts[0]]
    if (cold === undefined || warm === undefined) return true
    return repeatedShare(cold, warm, this.#warmExecutions) >= LEAST_ALIKE
  }

  /** True where the one is written within the other, and so can see what that was given. */
  isWithin(inner: CallFrame, outer: CallFrame): boolean {
    const [a, b] = [this.#find(inner)?.span, this.#find(outer)?.span]
    return inner.url === outer.url && a !== undefined && b !== undefined && b[0] <= a[0] && a[1] <= b[1]
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

  #known(frame: CountedFunction): Known {
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
        span: frame.ranges[0] ?? [0, 0, 0],
        coldParts: [],
        warmParts: [],
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
