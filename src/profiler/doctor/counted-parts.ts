import type { CountedRange } from '../../worker/isolation/profiling.ts'

/** Ranges that do not overlap, in order. */
export function flatten(ranges: readonly CountedRange[]): CountedRange[] {
  const flat: CountedRange[] = []
  const open: CountedRange[] = []
  let at = ranges[0]?.[0] ?? 0
  const emit = (end: number, count: number): void => {
    if (end > at) flat.push([at, end, count])
    at = Math.max(at, end)
  }
  const closeUntil = (start: number): void => {
    for (let top = open.at(-1); top !== undefined && top[1] <= start; top = open.at(-1)) {
      emit(top[1], top[2])
      open.pop()
    }
  }
  for (const range of ranges) {
    closeUntil(range[0])
    const top = open.at(-1)
    if (top !== undefined) emit(range[0], top[2])
    open.push(range)
  }
  closeUntil(Number.POSITIVE_INFINITY)
  return flat
}

/**
 * Of all the code that a function runs in a fresh process, the share that a used one does not run at all: 0 to 1.
 * Code counts by its length and by how often it runs, for a loop weighs more than what stands around it.
 * @param cold flattened, of one fresh process
 * @param warm flattened, of each used process
 */
export function onlyColdShare(cold: readonly CountedRange[], warm: readonly (readonly CountedRange[])[]): number {
  const ran = warm.flat().filter(([, , count]) => count > 0)
  let all = 0
  let gone = 0
  for (const [start, end, count] of cold) {
    all += (end - start) * count
    gone += lengthOutside(start, end, ran) * count
  }
  return all > 0 ? gone / all : 0
}

/**
 * Of the code that fresh and used processes both run, how much of it one execution of a used process does: 0 to 1. Less than 1
 * where there is something to do for some executions only, as for each argument that is new.
 * @param cold flattened, of one fresh process
 * @param warm flattened, of a used process
 * @param executions of the used process
 */
export function repeatedShare(
  cold: readonly CountedRange[],
  warm: readonly CountedRange[],
  executions: number,
): number {
  let fresh = 0
  let used = 0
  for (const [start, end, count] of cold) {
    for (const [from, to, all] of warm) {
      const length = Math.min(end, to) - Math.max(start, from)
      if (length <= 0 || all === 0) continue
      fresh += length * count
      used += length * Math.min(count, all / executions)
    }
  }
  return fresh > 0 ? used / fresh : 1
}

function lengthOutside(start: number, end: number, ranges: readonly CountedRange[]): number {
  let at = start
  let outside = 0
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (to <= at || from >= end) continue
    outside += Math.max(0, from - at)
    at = Math.max(at, to)
  }
  return outside + Math.max(0, end - at)
}
