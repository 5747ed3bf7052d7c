let second = 0
let text = ''

/** UTC, for process titles: `14:03:07Z`. Made once a second. */
export function timeOfDay(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    text = `${new Date(now * 1000).toISOString().slice(11, 19)}Z`
  }
  return text
}
