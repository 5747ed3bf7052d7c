import type { Suspect, WitnessReport } from '../profiling.ts'
import { ArgumentWatch } from './argument-watch.ts'
import { InspectorSession } from './inspector-session.ts'
import { OpeningWatch } from './opening-watch.ts'

interface ScriptCoverage {
  readonly scriptId: string
  readonly url: string
  readonly functions: readonly {
    readonly functionName: string
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
  }[]
}

/**
 * Sees what sampling cannot: that a function was not called at all, what was opened under whom, and who was given the
 * job's arguments. Everything runs many times slower meanwhile, so it never measures time.
 */
export class Witness {
  readonly #suspects: readonly Suspect[]
  readonly #openings = new OpeningWatch()
  #session: InspectorSession | undefined
  #arguments: ArgumentWatch | undefined

  constructor(suspects: readonly Suspect[]) {
    this.#suspects = suspects
  }

  start(): void {
    const session = new InspectorSession()
    this.#session = session
    session.post('Profiler.enable')
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    const urls = new Map<string, string>()
    session.on<{ scriptId: string; url: string }>('Debugger.scriptParsed', ({ scriptId, url }) =>
      urls.set(scriptId, url),
    )
    session.post('Debugger.enable')
    if (this.#suspects.length > 0) this.#arguments = new ArgumentWatch(session, this.#suspects, urls)
    this.#openings.start()
  }

  learn(args: readonly unknown[]): void {
    this.#arguments?.learn(args)
  }

  forget(): void {
    this.#takeCoverage()
    this.#openings.forget()
  }

  stop(): WitnessReport {
    const opened = this.#openings.stop()
    return {
      calls: this.#calls(),
      opened,
      callers: this.#arguments?.callers ?? [],
      given: this.#arguments?.given ?? [],
    }
  }

  /** Counts since the last time. */
  #takeCoverage(): readonly ScriptCoverage[] {
    return this.#session?.post<{ result: ScriptCoverage[] }>('Profiler.takePreciseCoverage').result ?? []
  }

  #calls(): WitnessReport['calls'] {
    const calls: WitnessReport['calls'][number][] = []
    for (const { scriptId, url, functions } of this.#takeCoverage()) {
      const called = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
      if (url === '' || called.length === 0) continue
      const source = this.#source(scriptId)
      const lineOf = lineFinder(source)
      for (const { functionName, ranges } of called) {
        const { startOffset, endOffset, count } = ranges[0] as (typeof ranges)[number]
        const { line, column } = lineOf(parameters(source, startOffset, endOffset))
        calls.push({
          functionName,
          url,
          lineNumber: line,
          columnNumber: column,
          count,
          endLine: lineOf(endOffset).line,
          ranges: ranges.map((range) => [range.startOffset, range.endOffset, range.count] as const),
        })
      }
    }
    return calls
  }

  #source(scriptId: string): string {
    const found = this.#session?.post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId })
    return found?.scriptSource ?? ''
  }
}

/** Coverage begins a function at its first word; profiles and breakpoints, at its parameters. */
function parameters(source: string, start: number, end: number): number {
  // An arrow function begins with its parameters; so does, as far as its place goes, the top level of a file.
  const head = /^(?:async\s+)?(?:function\b|(?:static\s+|get\s+|set\s+|\*\s*)*[\w$#]+\s*\()/.exec(
    source.slice(start, start + 200),
  )
  const at = head && !/^(?:async\s*)?\(/.test(source.slice(start, start + 20)) ? source.indexOf('(', start) : -1
  return at >= 0 && at < end ? at : start
}

/** Coverage counts characters, profiles count lines. */
function lineFinder(source: string): (offset: number) => { line: number; column: number } {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low, column: offset - (starts[low] as number) }
  }
}
