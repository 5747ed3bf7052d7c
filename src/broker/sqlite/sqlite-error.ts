import { BrokerUnavailableError } from '../../errors.ts'

/** Result codes of SQLite; the low byte of an extended code is the primary one. */
const BUSY = 5
const LOCKED = 6
/** Too many others began at the same moment. */
const PROTOCOL = 15
const UNAVAILABLE = new Map([
  [3, 'access was denied'],
  [8, 'the file is read-only'],
  [10, 'reading or writing failed'],
  [11, 'the file is damaged'],
  [13, 'the disk is full'],
  [14, 'the file cannot be opened'],
  [23, 'authorization was denied'],
  [26, 'the file is not an SQLite database'],
])

/** True where another connection was in the way, in any of the ways that SQLite tells apart. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error)
  return code === BUSY || code === LOCKED || code === PROTOCOL
}

export function isUniqueViolation(error: unknown, column: string): boolean {
  return error instanceof Error && error.message.includes(`UNIQUE constraint failed: ${column}`)
}

/** The state of the file or the disk is told as such; anything else is a mistake of ours and stays what it is. */
export function translateError(error: unknown, file: string): unknown {
  const reason = UNAVAILABLE.get(primaryCode(error) ?? 0)
  if (reason === undefined) return error
  return new BrokerUnavailableError(`${file}: ${reason} (${(error as Error).message})`, { cause: error })
}

function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  // node:sqlite says errcode, libsql says rawCode.
  const { errcode, rawCode } = error as { errcode?: unknown; rawCode?: unknown }
  const code = typeof errcode === 'number' ? errcode : rawCode
  if (typeof code === 'number') return code & 0xff
  return /database (table )?is locked/.test(error.message) ? BUSY : undefined
}
