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
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
    session.post('Debugger.enable')
    if (this.#suspects.length > 0) this.#arguments = new ArgumentWatch(session, this.#suspects)
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
    return { calls: this.#calls(), opened, given: this.#arguments?.given ?? [] }
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
      const lineOf = this.#lines(scriptId)
      for (const { functionName, ranges } of called) {
        const { startOffset, endOffset, count } = ranges[0] as (typeof ranges)[number]
        const { line, column } = lineOf(startOffset)
        calls.push({
          functionName,
          url,
          lineNumber: line,
          columnNumber: column,
          count,
          endLine: lineOf(endOffset).line,
        })
      }
    }
    return calls
  }

  /** Coverage counts characters, profiles count lines. */
  #lines(scriptId: string): (offset: number) => { line: number; column: number } {
    const source = this.#session?.post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId }).scriptSource
    const starts = [0]
    for (let at = source?.indexOf('\n') ?? -1; at >= 0; at = source?.indexOf('\n', at + 1) ?? -1) starts.push(at + 1)
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
}
