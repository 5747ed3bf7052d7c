import { UsageError } from '../errors.ts'

/** Milliseconds as a number, or text with a unit: `'500ms'`, `'10s'`, `'3m'`, `'2h'`, `'7d'`. */
export type Duration = number | string

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Milliseconds of a duration.
 * @param what names the option in the error message
 * @throws UsageError where it is neither a non-negative number nor text with a unit
 */
export function parseDuration(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  if (typeof value === 'string') {
    const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(value.trim())
    if (match) return Number(match[1]) * (UNIT_MS[match[2] as string] as number)
  }
  throw new UsageError(
    `${what}: expected milliseconds or text with a unit such as '500ms', '10s', '3m', '2h' or '7d', got ${show(value)}`,
  )
}

/** As parseDuration; `-1` (RQ's spelling) means without limit and stays -1. */
export function parseLimit(value: unknown, what: string): number {
  return value === -1 || value === '-1' ? -1 : parseDuration(value, what)
}

/** A duration for people: `850 ms`, `12.3 s`, `4 m 10 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m ${Math.round((ms % 60_000) / 1000)} s`
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} m`
}

/** A value as it is shown in an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
