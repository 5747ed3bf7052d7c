/** Failures that a kill can be the reason of. */
const STATED = ['signal', 'zygote-died', 'abandoned', 'exit']

/** Only SQLite yet. */
export function assertBrokerKnown(name) {
  if (name === 'sqlite') return
  console.error(`chaos: --broker ${name}: expected sqlite, the only one that chaos can kill yet`)
  process.exit(2)
}

/** Holds the ledger against the broker and the kills against the duplicates. */
export async function audit({ broker, ledger, killer, fleet }) {
  const wrong = []
  const seen = { finished: 0, failed: 0, duplicates: 0, unknown: 0 }
  for (const id of ledger.intended) {
    const record = await broker.jobFetch(id)
    const job = ledger.jobs.get(id) ?? { begin: [], end: [] }
    if (record === undefined) {
      // A producer that died between the two lines may or may not have stored it.
      if (ledger.stored.has(id) || job.begin.length > 0) wrong.push(`${id} was stored and is lost`)
      else seen.unknown++
      continue
    }
    if (record.state === 'finished') {
      seen.finished++
      if (job.end.length === 0) wrong.push(`${id} is finished, and the ledger has no end of it`)
    } else if (record.state === 'failed' && STATED.includes(record.failure?.kind)) seen.failed++
    else
      wrong.push(`${id} is ${record.state}: ${record.failure?.kind ?? 'no failure'} ${record.failure?.message ?? ''}`)
    seen.duplicates += Math.max(0, job.begin.length - 1)
    wrong.push(...unexplained(id, record, job, killer, fleet))
  }
  const report = [
    `kills: ${Object.entries(killer.counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')}`,
    `jobs: ${ledger.intended.size} enqueued, ${seen.finished} finished, ${seen.failed} failed for a stated reason, ${seen.unknown} never stored`,
    `executions beyond the first: ${seen.duplicates}, all explained but for ${wrong.length} findings`,
    `workers said: ${Object.entries(fleet.warnings)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')}`,
    ...wrong.slice(0, 20).map((finding) => `WRONG ${finding}`),
  ]
  return { wrong, report: report.join('\n') }
}

/** All but one of a job's executions must have met with a kill, of the process itself or of what it depended on. */
function unexplained(id, record, { begin }, killer, fleet) {
  const unharmed = begin.filter(({ pid, parent }) => {
    return ![pid, parent, fleet.supervisorOf({ pid, parent })].some((one) => killer.victims.has(one))
  })
  const allowed = record.state === 'finished' ? 1 : 0
  if (unharmed.length <= allowed) return []
  return [`${id} began ${begin.length} times, and nobody killed ${unharmed.map(({ pid }) => pid).join(', ')}`]
}
