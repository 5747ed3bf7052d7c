/** For people. */
export function formatReport({ results, failures, bars, versions, missing, machine, loadBefore, server }) {
  const rows = results.map((result) => [
    result.id,
    whole(result.jobsPerSecond),
    result.rounds > 1 ? `${whole(result.slowest)} to ${whole(result.fastest)}` : '',
    whole(result.workerCpuUsPerJob),
    whole(result.redisCpuUsPerJob),
    decimal(result.scriptCallsPerJob),
    decimal(result.commandsPerJob),
    decimal(result.requestsPerJob),
  ])
  const judged = bars.map(({ what, wanted, measured, reached }) => [
    what,
    wanted,
    measured ?? 'not measured',
    measured === undefined ? '' : reached ? 'reached' : 'NOT REACHED',
  ])
  return [
    table(
      [
        'case',
        'jobs/s',
        'of all rounds',
        'worker CPU us',
        'Redis CPU us',
        'scripts',
        'commands, inner too',
        'requests',
      ],
      rows,
      new Set([1, 3, 4, 5, 6, 7]),
    ),
    '',
    table(['Workhorse', 'bar', 'measured', ''], judged, new Set()),
    '',
    ...failures.map(({ id, message }) => `FAILED ${id}: ${message}`),
    ...missing.map((line) => `not measured: ${line}`),
    `${versions.join(', ')}; Redis ${server}, no persistence`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, ${machine.date}`,
    ...warnOfLoad(loadBefore, machine.cores),
    'Method: bench/peers/README.md. Columns behind the speed are per job: CPU of worker and server, scripts, commands',
    "as INFO commandstats counts them (those inside scripts, too), and requests as a proxy counts them on the workers' side.",
  ].join('\n')
}

function warnOfLoad(load, cores) {
  if (load < cores / 4) return []
  return [
    `NOT QUIET: the load was ${load.toFixed(1)} before this run began; speeds are too low, and ratios drift while it changes.`,
  ]
}

function table(head, rows, right) {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)))
  const line = (row) =>
    row
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
  return all.map((row) => line(row).trimEnd()).join('\n')
}

function whole(value) {
  return value === undefined || Number.isNaN(value) ? '' : String(Math.round(value))
}

function decimal(value) {
  return value === undefined ? '' : value.toFixed(2)
}
