import type { FlameData } from './data.ts'

type Scale = readonly (readonly [from: number, unit: string])[]

const TIME: Scale = [
  [1e6, 's'],
  [1e3, 'ms'],
  [1, 'µs'],
]
const BYTES: Scale = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
  [1, 'bytes'],
]

/** With three digits, in the unit that suits it: `61.2 ms`. */
export function formatAmount(amount: number, unit: FlameData['unit']): string {
  const scale = unit === 'bytes' ? BYTES : TIME
  if (amount === 0) return unit === 'bytes' ? '0 bytes' : '0 ms'
  // Rounded first: 999.9 µs are 1 ms.
  const rounded = Number(amount.toPrecision(3))
  const [from, name] = scale.find(([least]) => rounded >= least) ?? (scale[scale.length - 1] as Scale[number])
  const value = rounded / from
  return `${value >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)))} ${name}`
}

export function formatShare(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %'
  const percent = (part / whole) * 100
  if (percent < 0.01) return '< 0.01 %'
  return `${percent.toFixed(percent < 1 ? 2 : 1)} %`
}

/** `4,188`, the same in every country, so that files from two machines compare. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}
