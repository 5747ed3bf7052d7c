import { InspectorSession } from './inspector-session.ts'

let session: InspectorSession | undefined

/**
 * From here on V8 compiles functions so that it can count which parts of them run. Only what is compiled afterwards is
 * counted so: to be called before the application is loaded. Horses inherit it.
 */
export function startBlockCoverage(): void {
  // Kept: with its session, V8 forgets what it has counted.
  session ??= new InspectorSession()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
}
