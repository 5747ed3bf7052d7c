import { readdirSync, readFileSync } from 'node:fs'

/**
 * What a supervisor and all that it has started hold at this moment. To be taken when nothing runs: then the figures of
 * two moments may be compared.
 */
export function takeStock() {
  globalThis.gc()
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  // Whatever else this process has started (a Redis) is none of the worker's.
  const family = descendants(process.pid).filter((pid) => /^(workhorse|node)/.test(command(pid)))
  return {
    supervisorRssBytes: rss,
    supervisorHeapBytes: heapUsed + external,
    supervisorDescriptors: readdirSync('/proc/self/fd').length,
    childProcesses: family.length,
    childPrivateBytes: sum(family.map(privateBytes)),
    childDescriptors: sum(family.map((pid) => readdirSync(`/proc/${pid}/fd`).length)),
  }
}

function descendants(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

function command(pid) {
  return readFileSync(`/proc/${pid}/comm`, 'latin1').trim()
}

/** With what it shares with its own children: in a zygote that is nearly everything. */
function privateBytes(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024
  return field('Private_Clean') + field('Private_Dirty') + field('Shared_Dirty')
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}
