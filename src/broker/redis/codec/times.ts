/** RQ's times in a job hash: UTC with six digits behind the point; readers take fewer, or none. */

export function formatTime(unixMs: number, microseconds = 0): string {
  const text = new Date(unixMs).toISOString()
  return `${text.slice(0, -1)}${String(microseconds).padStart(3, '0')}Z`
}

const FULL_LENGTH = '2026-11-23T14:05:09.123456Z'.length

/** Unix milliseconds; undefined where there is none, or none that can be read. */
export function parseTime(text: string | undefined): number | undefined {
  const micros = parseMicroseconds(text)
  return micros === undefined ? undefined : Math.floor(micros / 1000)
}

/** The second that was read last, `2026-11-23T14:05:09`: most that are read together are of the same. */
let knownSecond = ''
let knownMs = 0

/** Unix microseconds, which tell the order of what was made in one millisecond. */
export function parseMicroseconds(text: string | undefined): number | undefined {
  if (text?.length === FULL_LENGTH && text.startsWith(knownSecond)) {
    const fraction = sixDigits(text, knownSecond.length)
    if (fraction >= 0) return knownMs * 1000 + fraction
  }
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z?$/.exec(text ?? '')
  if (match === null) return undefined
  knownSecond = match[1] as string
  knownMs = Date.parse(`${knownSecond}Z`)
  return knownMs * 1000 + Number((match[2] ?? '').padEnd(6, '0'))
}

/** Of `.123456Z` at the end of a text; -1 where there is something else. By hand: it is read three times for each job. */
function sixDigits(text: string, at: number): number {
  if (text[at] !== '.' || text[at + 7] !== 'Z') return -1
  let value = 0
  for (let index = at + 1; index <= at + 6; index++) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
