import type { HorseSystem } from './horse-system.ts'
import type { HorseLimits } from './messages.ts'

/** Has the kernel keep what it can keep best: the limits hold even where the supervisor is busy or stopped. */
export function takeLimits(system: Pick<HorseSystem, 'setLimit' | 'listDescriptors'>, limits: HorseLimits): void {
  if (limits.cpuMs !== undefined) {
    // Whole seconds are all that the kernel knows: SIGXCPU at the first, SIGKILL at the second.
    const seconds = Math.ceil(limits.cpuMs / 1000)
    system.setLimit('cpu', seconds, seconds + 1)
  }
  if (limits.openFiles !== undefined) {
    const limit = limitFor(limits.openFiles, new Set(system.listDescriptors().map(({ fd }) => fd)))
    system.setLimit('descriptors', limit, limit)
  }
}

/** Below which number there are so many free descriptors: the kernel limits the number, not the count. */
export function limitFor(openFiles: number, taken: ReadonlySet<number>): number {
  let limit = 0
  for (let free = 0; free < openFiles; limit++) if (!taken.has(limit)) free++
  return limit
}
