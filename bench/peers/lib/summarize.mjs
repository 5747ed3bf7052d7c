/** One result of a case's rounds: its median round, and how far the rounds lie apart. */
export function summarize(id, rounds) {
  const sorted = rounds.toSorted((a, b) => a.jobsPerSecond - b.jobsPerSecond)
  const median = sorted[Math.floor((sorted.length - 1) / 2)]
  return {
    id,
    ...median,
    slowest: sorted[0].jobsPerSecond,
    fastest: sorted.at(-1).jobsPerSecond,
    rounds: rounds.length,
  }
}
