/**
 * Cuts the longest of some spans to one length, so that together they are `limit`. Where they already are no more than
 * that, they stay as they are.
 *
 * A sampler by the wall clock sees a process that had to wait for a processor as one long span between two samples.
 * What was not CPU time is therefore taken from the longest spans first; taken from all alike, whatever function the
 * process happened to wait in would look expensive.
 */
export function cutToLimit(spans: readonly number[], limit: number): readonly number[] {
  let rest = limit
  let left = spans.length
  for (const span of spans.toSorted((a, b) => a - b)) {
    const level = rest / left
    if (span > level) return spans.map((each) => Math.min(each, level))
    rest -= span
    left--
  }
  return spans
}
