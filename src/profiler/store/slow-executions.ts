import { WorkhorseError } from '../../errors.ts'
import { rateOf } from '../capture/profile-run.ts'
import { COLD, Comparison, WARM } from '../compare.ts'
import { ProfileMerge } from '../merge.ts'
import type { Profile } from '../profile.ts'
import type { Opposite } from './opposites.ts'
import type { ReadProfile } from './read-store.ts'

/** What some executions took, on average. */
export interface GroupFigures {
  readonly executions: number
  readonly wallMs: number
  readonly cpuMs: number
}

export interface SlowComparison {
  /** Its cold side are the slow ones. */
  readonly profile: Profile
  readonly slow: GroupFigures
  readonly other: GroupFigures
}

const LEAST = 4
/** As many again at either side of the median, where the slow ones are fewer. */
const LEAST_GROUP = 3

/**
 * What the slowest executions of a job do that the others do not, of those that are stored. Slow is what takes long, waiting
 * included; stacks show CPU time.
 * @param share of the executions that count as slow, 0 to 1
 * @throws WorkhorseError where too few are stored
 */
export function compareSlow(
  job: string,
  stored: readonly ReadProfile[],
  share: number,
  opposite: Opposite,
  folder = process.cwd(),
): SlowComparison {
  const usable = stored.filter(({ raw }) => raw.kind === 'cpu').sort((a, b) => b.wallMs - a.wallMs)
  if (usable.length < LEAST) {
    throw new WorkhorseError(
      'WORKHORSE_NOT_PROFILED',
      `there are profiles of ${usable.length} executions of ${job}, and comparing needs ${LEAST}; let a worker run with --profile-sample 1%, or more`,
    )
  }
  const [slow, other] = divide(usable, share, opposite)
  const merge = new ProfileMerge({ sides: 2 })
  for (const { raw } of slow) merge.add(raw, COLD)
  for (const { raw } of other) merge.add(raw, WARM)
  const title = `${job}: the slowest ${slow.length} of ${usable.length} executions against ${describeOpposite(opposite)} ${other.length}`
  const oldest = Math.min(...usable.map(({ at }) => at))
  const head = { title, unit: 'microseconds', jobs: [job], lost: 0, skipped: 0, startedAt: oldest } as const
  const durationMs = Math.max(...usable.map(({ at }) => at)) - oldest
  const rateHz = rateOf((slow[0] as ReadProfile).raw)
  const comparison = new Comparison(merge)
  const sides = { cold: 'slow', warm: opposite } as const
  const profile = comparison.build({ ...head, rateHz, durationMs }, 0, folder, sides)
  return { profile, slow: figuresOf(slow), other: figuresOf(other) }
}

/** @param sorted the slowest first */
function divide(
  sorted: readonly ReadProfile[],
  share: number,
  opposite: Opposite,
): readonly [readonly ReadProfile[], readonly ReadProfile[]] {
  const count = Math.min(Math.max(1, Math.round(sorted.length * share)), Math.floor(sorted.length / 2))
  const slow = sorted.slice(0, count)
  const rest = sorted.slice(count)
  const wanted = Math.min(rest.length, Math.max(count, LEAST_GROUP))
  if (opposite === 'fastest') return [slow, rest.slice(-wanted)]
  const middle = Math.floor(sorted.length / 2) - count
  const from = Math.min(Math.max(0, middle - Math.floor(wanted / 2)), rest.length - wanted)
  return [slow, rest.slice(from, from + wanted)]
}

export function describeOpposite(opposite: Opposite): string {
  return opposite === 'median' ? 'the median' : 'the fastest'
}

function figuresOf(group: readonly ReadProfile[]): GroupFigures {
  const mean = (value: (one: ReadProfile) => number) => group.reduce((sum, one) => sum + value(one), 0) / group.length
  return { executions: group.length, wallMs: mean(({ wallMs }) => wallMs), cpuMs: mean(({ cpuMs }) => cpuMs) }
}
