import { UsageError } from '../errors.ts'
import { show } from './duration.ts'

/** Bytes as a number, or text with a unit: `'64kB'`, `'512MB'`, `'2GB'` (1 MB = 1,048,576 bytes). */
export type ByteSize = number | string

const UNIT_BYTES: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/**
 * Bytes of a size.
 * @param what names the option in the error message
 * @throws UsageError where it is neither a non-negative whole number nor text with a unit
 */
export function parseBytes(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  if (typeof value === 'string') {
    const match = /^(\d+(?:\.\d+)?)\s*(?:(k|m|g)i?b?|b)$/i.exec(value.trim())
    if (match) return Math.round(Number(match[1]) * (UNIT_BYTES[(match[2] ?? 'b').toLowerCase()] as number))
  }
  throw new UsageError(
    `${what}: expected bytes or text with a unit such as '64kB', '512MB' or '2GB', got ${show(value)}`,
  )
}

/** Bytes for people: `512 B`, `3.4 MB` (1 MB = 1,048,576 bytes). */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} kB`
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MB`
  return `${(bytes / 1024 ** 3).toFixed(2)} GB`
}
