/**
 * A straight line through points by least squares.
 * @returns its slope, and how far a point lies from it on the average
 */
export function fitLine(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const together = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const slope = spread === 0 ? 0 : together / spread
  const noise = mean(points.map(([x, y]) => Math.abs(y - meanY - slope * (x - meanX))))
  return { slope, noise }
}
