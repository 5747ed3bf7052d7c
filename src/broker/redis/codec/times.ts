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
    const fraction = text.slice(knownSecond.length)
    if (/^\.\d{6}Z$/.test(fraction)) return knownMs * 1000 + Number(fraction.slice(1, -1))
  }
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z?$/.exec(text ?? '')
  if (match === null) return undefined
  knownSecond = match[1] as string
  knownMs = Date.parse(`${knownSecond}Z`)
  return knownMs * 1000 + Number((match[2] ?? '').padEnd(6, '0'))
}
