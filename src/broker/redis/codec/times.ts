/** RQ's times in a job hash: UTC with six digits behind the point; readers take fewer, or none. */

export function formatTime(unixMs: number, microseconds = 0): string {
  const text = new Date(unixMs).toISOString()
  return `${text.slice(0, -1)}${String(microseconds).padStart(3, '0')}Z`
}

/** Unix milliseconds; undefined where there is none, or none that can be read. */
export function parseTime(text: string | undefined): number | undefined {
  const micros = parseMicroseconds(text)
  return micros === undefined ? undefined : Math.floor(micros / 1000)
}

/** Unix microseconds, which tell the order of what was made in one millisecond. */
export function parseMicroseconds(text: string | undefined): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z?$/.exec(text ?? '')
  if (match === null) return undefined
  const seconds = Date.parse(`${match[1]}Z`)
  return seconds * 1000 + Number((match[2] ?? '').padEnd(6, '0'))
}
