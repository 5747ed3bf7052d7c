import { HAND_OVER_SIGNAL } from './hand-over-signal.ts'

/** How long a horse that is measured may take to hand over before it is killed. */
const HAND_OVER_MS = 2000

/** A process that measures an execution. */
export interface Measuring {
  readonly pid: number | undefined
  /** It has begun; before, the signal would end it. */
  readonly canBeWarned: boolean
  /** It knows no signal. */
  readonly onlyListens?: boolean
  /** What it has measured; undefined where it has not. */
  readonly profiled: Promise<Buffer | undefined>
  /** By message. */
  handOver(): void
}

/**
 * Asks a horse for what it has measured: by message where it listens, by signal where its event loop is blocked. Not
 * for long in any case.
 */
export async function askToHandOver(horse: Measuring): Promise<void> {
  if (horse.pid === undefined || !horse.canBeWarned) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, HAND_OVER_MS)
  })
  horse.handOver()
  if (!horse.onlyListens) warn(horse.pid)
  await Promise.race([horse.profiled, late])
  clearTimeout(timer)
}

/** To the process alone: what the job has started knows nothing of this signal, and would die of it. */
function warn(pid: number): void {
  try {
    process.kill(pid, HAND_OVER_SIGNAL)
  } catch (error) {
    // It has ended by itself.
    if ((error as { code?: string }).code !== 'ESRCH') throw error
  }
}
