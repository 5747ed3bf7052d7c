import { fileURLToPath } from 'node:url'
import type { PhaseMark, RawProfile } from '../../src/worker/isolation/profiling.ts'

/** A stack, from V8's root on: `name` for a function of the application's, or a whole call frame. */
export type StackFrame = string | { readonly functionName: string; readonly url: string }

export interface SampleAt {
  /** Microseconds from the beginning. */
  readonly at: number
  readonly stack: readonly StackFrame[]
}

/** Where Workhorse's own code would be. */
export const OWN_URL = new URL('../../src/worker/execute-job.ts', import.meta.url).href
export const APPLICATION_FILE = '/app/jobs.js'
export const own = (functionName: string): StackFrame => ({ functionName, url: OWN_URL })
export const native = (functionName: string): StackFrame => ({ functionName, url: '' })
export const OWN_FILE = fileURLToPath(OWN_URL)

/** A profile as a horse hands it over; phases as [phase, at, cpu] in microseconds. */
export function rawProfile(
  samples: readonly SampleAt[],
  phases: readonly (readonly [PhaseMark['phase'], number, number])[],
  more: Partial<RawProfile> = {},
): RawProfile {
  const nodes: { id: number; callFrame: object; children: number[] }[] = []
  const ids = new Map<string, number>()
  const add = (key: string, parent: number, frame: StackFrame): number => {
    const known = ids.get(key)
    if (known !== undefined) return known
    const { functionName, url } = typeof frame === 'string' ? { functionName: frame, url: APPLICATION_FILE } : frame
    const id = nodes.push({
      id: nodes.length + 1,
      callFrame: {
        functionName,
        scriptId: '1',
        url,
        lineNumber: url === '' ? -1 : 9,
        columnNumber: url === '' ? -1 : 2,
      },
      children: [],
    })
    ids.set(key, id)
    if (parent > 0) nodes[parent - 1]?.children.push(id)
    return id
  }
  const root = add('', 0, native('(root)'))
  const leaves = samples.map(({ stack }) => {
    let id = root
    let key = ''
    for (const frame of stack) {
      key += `;${JSON.stringify(frame)}`
      id = add(key, id, frame)
    }
    return id
  })
  const startTime = 1_000_000
  const times = samples.map(({ at }) => startTime + at)
  return {
    pid: 4711,
    kind: 'cpu',
    interval: 1000,
    executions: [phases.map(([phase, at, cpu]) => ({ phase, at: startTime + at, cpu }))],
    startUs: 500,
    stopUs: 100,
    profile: {
      nodes,
      startTime,
      endTime: times.at(-1) ?? startTime,
      samples: leaves,
      timeDeltas: times.map((time, index) => time - (times[index - 1] ?? startTime)),
    },
    ...more,
  }
}
