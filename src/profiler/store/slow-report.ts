import { frameLabel } from '../export/label.ts'
import type { Profile } from '../profile.ts'
import type { Opposite } from './opposites.ts'
import { describeOpposite, type GroupFigures, type SlowComparison } from './slow-executions.ts'

const ROWS = 10
/** Less of the difference than that is not worth a line. */
const LEAST_MS = 0.1

/** What slow executions do that others do not, in words. */
export function formatSlow({ profile, slow, other }: SlowComparison, opposite: Opposite): string {
  const lines = [
    profile.meta.title,
    '',
    `  slow:     ${describe(slow)}`,
    `  ${`${opposite}:`.padEnd(9)} ${describe(other)}`,
    '',
    ...waiting(slow, other),
  ]
  const rows = differences(profile).slice(0, ROWS)
  if (rows.length === 0) {
    lines.push(
      `No function takes more CPU time in the slow ones, beyond chance, than in ${describeOpposite(opposite)} ones.`,
    )
  } else {
    lines.push(`more CPU time in the slow ones, without what they call:`)
    for (const { label, slowMs, otherMs } of rows) {
      lines.push(`${ms(slowMs - otherMs).padStart(10)}  ${label}: ${ms(slowMs)} against ${ms(otherMs)}`)
    }
  }
  return lines.join('\n')
}

/** What a flame graph of CPU time cannot show is said. */
function waiting(slow: GroupFigures, other: GroupFigures): string[] {
  const waited = slow.wallMs - slow.cpuMs - (other.wallMs - other.cpuMs)
  const longer = slow.wallMs - other.wallMs
  if (longer <= 0 || waited < longer / 2) return []
  return [
    `Of the ${ms(longer)} that they take longer, ${ms(waited)} are waiting: for input, output, locks, or a core.`,
    '',
  ]
}

function differences({ nodes, frames }: Profile): { label: string; slowMs: number; otherMs: number }[] {
  const sums = new Map<number, { slowMs: number; otherMs: number; isSure: boolean }>()
  for (const { frame, diff } of nodes) {
    if (diff === undefined || frame < 0 || frames[frame]?.category === 'group') continue
    const sum = sums.get(frame) ?? { slowMs: 0, otherMs: 0, isSure: false }
    sum.slowMs += diff.coldSelfMs
    sum.otherMs += diff.warmSelfMs
    sum.isSure ||= diff.significant && diff.coldMs > diff.warmMs
    sums.set(frame, sum)
  }
  return [...sums]
    .filter(([, { slowMs, otherMs, isSure }]) => isSure && slowMs - otherMs >= LEAST_MS)
    .sort(([, a], [, b]) => b.slowMs - b.otherMs - (a.slowMs - a.otherMs))
    .map(([frame, { slowMs, otherMs }]) => ({
      label: frameLabel(frames[frame] as (typeof frames)[number]),
      slowMs,
      otherMs,
    }))
}

function describe({ executions, wallMs, cpuMs }: GroupFigures): string {
  return `${executions} executions, ${ms(wallMs)} each, of which ${ms(cpuMs)} CPU`
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`
}
