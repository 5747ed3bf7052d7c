import type { SideNames, Verdict } from './data.ts'

/** What is compared, in words. */
export interface SideWords extends SideNames {
  /** Executions of the first side. */
  readonly executions: string
  readonly verdicts: Readonly<Record<Verdict, string>>
  readonly legend: Readonly<Record<Exclude<Verdict, 'same'>, string>>
}

const NO_DIFFERENCE = 'no difference beyond chance'

const FRESH_AND_USED: SideWords = {
  cold: 'cold',
  warm: 'warm',
  executions: 'fresh processes',
  verdicts: {
    hoistable: 'hoistable: as good as gone when the process is reused',
    less: 'less when the process is reused',
    more: 'more when the process is reused',
    same: NO_DIFFERENCE,
  },
  legend: { hoistable: 'hoistable', less: 'less when warm', more: 'more when warm' },
}

/** Fresh and used processes, or whatever else the sides are called. */
export function sideWords(sides: SideNames | undefined): SideWords {
  if (sides === undefined) return FRESH_AND_USED
  const { cold, warm } = sides
  const [only, more, less] = [`only in ${cold} executions`, `more in ${cold} executions`, `less in ${cold} executions`]
  return {
    cold,
    warm,
    executions: `${cold} executions`,
    verdicts: { hoistable: `as good as ${only}`, less: more, more: less, same: NO_DIFFERENCE },
    legend: { hoistable: only, less: more, more: less },
  }
}
