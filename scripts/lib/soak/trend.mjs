/**
 * How points rise: the median of the slopes between any two of them (Theil and Sen). One that lies far off, as memory does
 * right after a collection or before one, tilts it hardly at all, which cannot be said of least squares.
 * @returns the slope, and how far a point lies from the line on the average
 */
export function fitLine(points) {
  const slopes = points.flatMap(([x, y], i) =>
    points.slice(i + 1).map(([laterX, laterY]) => (laterY - y) / (laterX - x)),
  )
  const slope = median(slopes)
  const offset = median(points.map(([x, y]) => y - slope * x))
  const noise = points.reduce((sum, [x, y]) => sum + Math.abs(y - offset - slope * x), 0) / points.length
  return { slope, noise }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
