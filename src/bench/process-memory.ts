import { readFileSync } from 'node:fs'

/** Memory that is a process's alone, in bytes: what would be freed if it ended. */
export function privateBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kilobytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0)
  return (kilobytes('Private_Clean') + kilobytes('Private_Dirty')) * 1024
}

/** CPU time that a process has used so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const ticks = Number(fields[11]) + Number(fields[12])
  // USER_HZ, which Linux shows as 100 on every architecture that Node runs on.
  return ticks * 10
}

/** Time that the machine has spent since it was started, of all cores, in ticks: in all, and given to other machines. */
export function machineTicks(): { readonly all: number; readonly stolen: number } {
  const fields = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1).map(Number)
  return { all: fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0), stolen: fields[7] ?? 0 }
}

/**
 * CPU time of this process's children that it has waited for, and of theirs, in milliseconds: what wait4(2) adds up.
 * Undefined where there is no /proc.
 */
export function waitedCpuMs(): number | undefined {
  let stat: string
  try {
    stat = readFileSync('/proc/self/stat', 'utf8')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}
