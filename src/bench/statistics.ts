/** The value below which a share `p` (0 to 1) of the sample lies, by nearest rank. @throws RangeError for no sample */
export function percentile(sample: readonly number[], p: number): number {
  const sorted = [...sample].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]
  if (value === undefined) throw new RangeError('percentile of no values')
  return value
}

export interface Spread {
  readonly p50: number
  readonly p99: number
}

export function spread(sample: readonly number[]): Spread {
  return { p50: rounded(percentile(sample, 0.5)), p99: rounded(percentile(sample, 0.99)) }
}

export function mean(sample: readonly number[]): number {
  return sample.reduce((sum, value) => sum + value, 0) / sample.length
}

/** Three decimals are more than a measurement here is good for. */
export function rounded(value: number): number {
  return Number(value.toFixed(3))
}
