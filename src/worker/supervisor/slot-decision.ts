import { formatBytes } from '../../support/bytes.ts'
import { formatDuration } from '../../support/duration.ts'
import type { FreeMemory } from './free-memory.ts'

/** What is known when the number of slots is thought over. */
export interface SlotFacts {
  readonly slots: number
  readonly least: number
  readonly most: number
  /** Jobs that run now. */
  readonly busy: number
  /** The most that ran at once within the last SHRINK_AFTER_MS. */
  readonly peakBusy: number
  /** Jobs queued where this worker takes from. */
  readonly waiting: number
  /** How long the first of them has waited. */
  readonly oldestMs: number
  readonly arrivalsPerSecond: number
  /** How long a job takes; undefined while none is known. */
  readonly serviceMs: number | undefined
  readonly sinceChangeMs: number
  readonly memory: FreeMemory
  /** What a slot more may take. */
  readonly bytesPerSlot: number
}

export interface SlotDecision {
  readonly slots: number
  /** For the log. */
  readonly reason: string
}

/** A job may wait so long in a worker that is large enough. */
export const WAIT_MS = 200
/** What has piled up is to be gone after so long. */
const DRAIN_MS = 10_000
/** A slot that nobody has needed for so long is given up. */
export const SHRINK_AFTER_MS = 30_000
/** Between two steps down for want of memory: the first must have shown what it brings. */
const STEP_MS = 5000

/**
 * How many slots there should be; undefined where as many as there are. Up at once, and twofold at most in one step: who
 * waits, waits now. Down late, and by half at most: a slot that is idle costs little. Never up where memory is short.
 */
export function decideSlots(facts: SlotFacts): SlotDecision | undefined {
  const { slots, least, memory } = facts
  const reserve = reserveOf(memory)
  if (memory.availableBytes < reserve / 2) {
    if (slots <= least || facts.sinceChangeMs < STEP_MS) return undefined
    return { slots: slots - 1, reason: `only ${formatBytes(memory.availableBytes)} of memory are available` }
  }
  return isShort(facts) ? grow(facts, reserve) : shrink(facts)
}

/** Jobs wait for slots, and not for anything else. */
function isShort({ slots, busy, waiting, oldestMs }: SlotFacts): boolean {
  return busy >= slots && waiting > 0 && oldestMs >= WAIT_MS
}

function grow(facts: SlotFacts, reserve: number): SlotDecision | undefined {
  const { slots, most, waiting, oldestMs, memory, bytesPerSlot } = facts
  const wanted = Math.min(most, slots * 2, Math.max(slots + 1, demand(facts)))
  const affordable = Math.floor((memory.availableBytes - reserve) / bytesPerSlot)
  const next = Math.min(wanted, slots + affordable)
  if (next <= slots) return undefined
  const jobs = waiting === 1 ? '1 job waits' : `${waiting} jobs wait`
  return { slots: next, reason: `${jobs}, the first for ${formatDuration(oldestMs)}` }
}

/** Slots that keep up with what comes and clear away what waits: arrivals times service time, by Little's law. */
function demand({ slots, waiting, arrivalsPerSecond, serviceMs }: SlotFacts): number {
  if (serviceMs === undefined) return slots * 2
  return Math.ceil((arrivalsPerSecond / 1000 + waiting / DRAIN_MS) * serviceMs)
}

function shrink({ slots, least, busy, peakBusy, sinceChangeMs }: SlotFacts): SlotDecision | undefined {
  if (sinceChangeMs < SHRINK_AFTER_MS) return undefined
  // One to spare, as long as there is anything to do.
  const needed = Math.max(least, busy, peakBusy === 0 ? 0 : peakBusy + 1)
  const next = Math.max(needed, Math.floor(slots / 2))
  if (next >= slots) return undefined
  const most = peakBusy === 1 ? '1 was' : `${peakBusy} were`
  return { slots: next, reason: `no more than ${most} busy for ${formatDuration(SHRINK_AFTER_MS)}` }
}

const MB = 2 ** 20

/** What is left to the machine, whatever waits. */
function reserveOf({ limitBytes }: FreeMemory): number {
  return Math.min(512 * MB, Math.max(64 * MB, limitBytes / 10))
}
