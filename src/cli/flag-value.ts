import { UsageError } from '../errors.ts'
import { nearest } from '../support/did-you-mean.ts'
import { parseDuration } from '../support/duration.ts'
import type { Flag, Range } from './flags.ts'

/**
 * The value of a flag as the command wants it.
 * @param flagName as it was written, for the message
 * @throws UsageError
 */
export function parseFlagValue(flagName: string, flag: Flag, text: string | undefined): unknown {
  if (flag.kind === 'switch') {
    if (text !== undefined) throw new UsageError(`${flagName} takes no value, got '${text}'`)
    return true
  }
  if (flag.kind === 'duration-or-switch' && text === undefined) return true
  if (text === undefined || text === '')
    throw new UsageError(`${flagName} needs a value: ${flagName} ${placeholder(flag)}`)
  switch (flag.kind) {
    case 'text':
    case 'texts':
      return text
    case 'duration':
      return /^\d+$/.test(text) && flag.bare === 'seconds' ? Number(text) * 1000 : parseTimeSpan(flagName, text)
    case 'duration-or-switch':
      return parseTimeSpan(flagName, text)
    case 'time':
      return parseTime(flagName, text)
    case 'whole':
      return parseWhole(flagName, flag, text)
    case 'range':
      return parseRange(flagName, flag.least, text)
    case 'whole-or-word':
      return text === flag.word ? text : parseWholeOrWord(flagName, flag, text)
    case 'share':
      return parseShare(flagName, flag, text)
    case 'choice':
      return parseChoice(flagName, flag.choices, text)
  }
}

/** What stands for a flag's value in help and messages. */
export function placeholder(flag: Flag): string {
  if (flag.kind === 'switch') return ''
  return flag.kind === 'choice' ? (flag.value ?? flag.choices.join('|')) : flag.value
}

function parseTimeSpan(flagName: string, text: string): number {
  return parseDuration(/^\d+$/.test(text) ? Number(text) : text, flagName)
}

function parseTime(flagName: string, text: string): number {
  const time = Date.parse(text)
  if (!Number.isNaN(time)) return time
  throw new UsageError(`${flagName}: expected a time such as 2030-01-31T08:00:00Z, got '${text}'`)
}

function parseWhole(flagName: string, flag: Flag & { readonly kind: 'whole' }, text: string): number {
  const { least, most = Number.MAX_SAFE_INTEGER } = flag
  const value = Number(text)
  if (/^-?\d+$/.test(text) && value >= least && value <= most) return value
  const range = flag.most === undefined ? `of at least ${least}` : `from ${least} to ${flag.most}`
  throw new UsageError(`${flagName}: expected a whole number ${range}, got '${text}'`)
}

function parseWholeOrWord(flagName: string, { least, word }: { least: number; word: string }, text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= least) return Number(text)
  throw new UsageError(`${flagName}: expected a whole number of at least ${least}, or '${word}', got '${text}'`)
}

function parseRange(flagName: string, least: number, text: string): number | Range {
  const [, min, max] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? []
  if (min !== undefined && Number(min) >= least) {
    if (max === undefined) return Number(min)
    if (Number(max) >= Number(min)) return { min: Number(min), max: Number(max) }
  }
  throw new UsageError(
    `${flagName}: expected a whole number of at least ${least}, or two as 2..8, the larger last, got '${text}'`,
  )
}

/** A flag's value as it is written. */
export function writeFlagValue(value: string | number | Range): string {
  return typeof value === 'object' ? `${value.min}..${value.max}` : String(value)
}

/** For verbs that take no range. @throws UsageError */
export function onlyNumber(flagName: string, value: number | Range): number {
  if (typeof value === 'number') return value
  throw new UsageError(`${flagName}: expected one number here, got '${writeFlagValue(value)}'`)
}

function parseShare(flagName: string, { most }: Flag & { readonly kind: 'share' }, text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text) ?? []
  const value = Number(digits) / (percent === '%' ? 100 : 1)
  if (digits !== undefined && value <= (most ?? Number.POSITIVE_INFINITY)) return value
  const range = most === undefined ? '' : `, at most ${most * 100}%`
  throw new UsageError(`${flagName}: expected a share such as 5% or 0.05${range}, got '${text}'`)
}

function parseChoice(flagName: string, choices: readonly string[], text: string): string {
  if (choices.includes(text)) return text
  const near = nearest(text, choices)
  const hint = near === undefined ? '' : `; did you mean '${near}'?`
  throw new UsageError(`${flagName}: expected one of ${choices.join(', ')}, got '${text}'${hint}`)
}
