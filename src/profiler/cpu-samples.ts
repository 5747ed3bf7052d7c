import type { PhaseMark } from '../worker/isolation/profiling.ts'
import type { CpuProfile } from './v8.ts'

/** A sample that lies within an execution. */
export interface WeighedSample {
  /** V8's node id. */
  readonly node: number
  /** Index into the execution's marks: the phase that it lies in. */
  readonly mark: number
  /** Microseconds that it stands for. */
  readonly weight: number
}

/**
 * The samples of one execution, each weighed with the time since the one before it, but never reaching back over the
 * beginning of its phase: so what the sampler's own start takes falls out. What is left at the end of a phase goes to
 * its last sample. Weights are times and not counts, for V8's samples come neither evenly nor all of them.
 */
export function* samplesOf(profile: CpuProfile, marks: readonly PhaseMark[]): Generator<WeighedSample> {
  const { samples = [], timeDeltas = [] } = profile
  let time = profile.startTime
  let previous = time
  let mark = -1
  let held: { node: number; mark: number; weight: number } | undefined
  for (let i = 0; i < samples.length; i++) {
    time += timeDeltas[i] ?? 0
    // Deltas can be negative; time then stands still.
    const now = Math.max(time, previous)
    while (mark + 1 < marks.length && now > (marks[mark + 1] as PhaseMark).at) mark++
    const phase = marks[mark]
    if (held && held.mark !== mark) {
      held.weight += Math.max(0, (marks[held.mark + 1]?.at ?? previous) - previous)
      yield held
      held = undefined
    }
    if (phase !== undefined && phase.phase !== 'end') {
      if (held) yield held
      held = { node: samples[i] as number, mark, weight: now - Math.max(previous, phase.at) }
    }
    previous = now
    if (phase?.phase === 'end') break
  }
  if (held) {
    held.weight += Math.max(0, (marks[held.mark + 1]?.at ?? previous) - previous)
    yield held
  }
}
